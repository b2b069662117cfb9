#include "helicopter/wake.h"
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>
int wake_origin_start(const WakeSnapshot *s, pid_t *ret_pid, int *ret_output) { int e[2]; if (pipe2(e, O_CLOEXEC|O_NONBLOCK)<0) return -1; close(e[1]); *ret_output=e[0]; *ret_pid = fork(); if (*ret_pid==0) _exit(0); return 0; }
int wake_origin_parse(const char *o, const ThreadCall *call, char **ret) { *ret=NULL; return wake_kind(call)==WAKE_RESUMED; }
