/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who made a call, told from the functions that the thread is in. A call is taken for CPython's only if both ends are known:
 * the function of libc that a program calls for it, and CPython's own code as that function's caller. So the calls that libc
 * makes for a purpose of its own (getaddrinfo's, system's) and those of other libraries are not.
 */

#include <glib.h>
#include <string.h>
#include <sys/syscall.h>

#include "helicopter/wake.h"
#include "lib/wake-module.h"

typedef struct Frame {
        char *module;
        char *symbol;
        bool python; /* the module holds CPython */
        bool libffi; /* it is libffi that calls */
} Frame;

typedef struct Expected {
        long number;
        const char *functions[6];
} Expected;

/* Names without leading underscores and the like, see normalise(). */
static const Expected expected[] = {
        { SYS_read, { "read", "fgets" } }, /* fgets: Parser/myreadline.c, for input() */
        { SYS_readv, { "readv" } },
        { SYS_pread64, { "pread", "pread64" } },
        { SYS_preadv, { "preadv", "preadv64" } },
        { SYS_preadv2, { "preadv2", "preadv64v2" } },
        { SYS_write, { "write" } },
        { SYS_writev, { "writev" } },
        { SYS_pwrite64, { "pwrite", "pwrite64" } },
        { SYS_pwritev, { "pwritev", "pwritev64" } },
        { SYS_pwritev2, { "pwritev2", "pwritev64v2" } },
        { SYS_sendfile, { "sendfile", "sendfile64" } },
        { SYS_splice, { "splice" } },
        { SYS_getrandom, { "getrandom" } },
#ifdef SYS_open
        { SYS_open, { "open", "open64" } },
#endif
        { SYS_openat, { "open", "open64", "openat", "openat64" } },
#ifdef SYS_accept
        { SYS_accept, { "accept" } },
#endif
        { SYS_accept4, { "accept4" } },
        { SYS_connect, { "connect" } },
        { SYS_recvfrom, { "recv", "recvfrom" } },
        { SYS_recvmsg, { "recvmsg" } },
        { SYS_sendto, { "send", "sendto" } },
        { SYS_sendmsg, { "sendmsg" } },
#ifdef SYS_select
        { SYS_select, { "select" } },
#endif
        { SYS_pselect6, { "select", "pselect" } },
#ifdef SYS_poll
        { SYS_poll, { "poll" } },
#endif
        { SYS_ppoll, { "poll", "ppoll" } },
#ifdef SYS_epoll_wait
        { SYS_epoll_wait, { "epoll_wait" } },
#endif
        { SYS_epoll_pwait, { "epoll_wait", "epoll_pwait" } },
#ifdef SYS_epoll_pwait2
        { SYS_epoll_pwait2, { "epoll_wait", "epoll_pwait2" } },
#endif
        { SYS_wait4, { "wait", "wait3", "wait4", "waitpid" } },
        { SYS_waitid, { "waitid" } },
        { SYS_clock_nanosleep, { "clock_nanosleep" } },
        { SYS_flock, { "flock" } },
        { SYS_fcntl, { "fcntl", "fcntl64" } }, /* not lockf: os.lockf() fails with EINTR */
        { SYS_rt_sigtimedwait, { "sigtimedwait", "sigwaitinfo" } },
        /* glibc waits in a function of its own, to which sem_wait() jumps; its name is not in the dynamic symbols. */
        { SYS_futex, { "sem_wait", "sem_timedwait", "sem_clockwait", "" } },
};

/* Through OpenSSL: Modules/_ssl.c takes its "try again" as its own EINTR. */
static const char *const tls_functions[] = { "read", "recv", "recvfrom", "recvmsg", "write", "send", "sendto",
        "sendmsg", NULL };

/* "__libc_read", "__read_chk" and "_IO_fgets" are other names of read and fgets. */
static char *normalise(const char *symbol) {
        static const char *const prefixes[] = { "_", "libc_", "IO_", "new_" };
        g_autofree char *name = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(prefixes);) {
                if (g_str_has_prefix(symbol, prefixes[i])) {
                        symbol += strlen(prefixes[i]);
                        i = 0;
                } else
                        i++;
        }
        name = g_strdup(symbol);
        if (g_str_has_suffix(name, "_chk"))
                name[strlen(name) - strlen("_chk")] = '\0';
        return g_steal_pointer(&name);
}

static bool is_expected(long number, const char *function) {
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
                if (expected[i].number == number)
                        for (size_t k = 0; k < G_N_ELEMENTS(expected[i].functions) && expected[i].functions[k]; k++)
                                if (g_str_equal(expected[i].functions[k], function))
                                        return true;
        return false;
}

/* Take one line from the text: 1; 0: there is no whole one; anything else is not what helicopter-unwind says: 0 as well. */
static int next_frame(const char **text, char **ret_line, Frame *ret_frame) {
        const char *end = strchr(*text, '\n');
        g_autofree char *line = NULL;
        char *symbol, *mark;

        if (!end)
                return 0;
        line = g_strndup(*text, (gsize) (end - *text));
        symbol = strchr(line, '\t');
        if (!symbol)
                return 0;
        *symbol++ = '\0';
        mark = strchr(symbol, '\t');
        if (!mark)
                return 0;
        *mark++ = '\0';
        *text = end + 1;
        *ret_frame = (Frame) { .module = line,
                .symbol = symbol,
                .python = g_str_equal(mark, "python"),
                .libffi = g_str_equal(mark, "libffi") };
        g_free(*ret_line);
        *ret_line = g_steal_pointer(&line);
        return 1;
}

/* One of CPython's own extension modules. _ctypes is one too, but calls for others. */
static bool is_extension(const char *path, const char *name) {
        g_autofree char *folder = g_path_get_dirname(path);
        g_autofree char *folder_name = g_path_get_basename(folder);
        g_autofree char *file = g_path_get_basename(path);

        if (!g_str_equal(folder_name, "lib-dynload") || g_str_has_prefix(file, "_ctypes."))
                return false;
        return !name || (g_str_has_prefix(file, name) && file[strlen(name)] == '.');
}

static bool is_cpython(const Frame *frame, const ThreadCall *call) {
        if (frame->libffi)
                return false;
        /* Of all locks, those of multiprocessing run what is pending (Modules/_multiprocessing/semaphore.c). */
        if (call->number == SYS_futex)
                return is_extension(frame->module, "_multiprocessing");
        return frame->python || is_extension(frame->module, NULL);
}

/* The frames behind libc's: 1 when they are CPython's, else 0 and whose they are. */
static int judge_caller(const char *rest, const ThreadCall *call, const char *function, char **ret_caller) {
        g_autofree char *line = NULL, *tls = NULL;
        Frame frame;
        int r;

        r = next_frame(&rest, &line, &frame);
        while (r > 0 && wake_module_is_tls(frame.module)) {
                if (!tls)
                        tls = g_path_get_basename(frame.module);
                r = next_frame(&rest, &line, &frame);
        }
        if (tls) {
                if (r > 0 && g_strv_contains(tls_functions, function) && is_extension(frame.module, "_ssl"))
                        return 1;
                *ret_caller = g_steal_pointer(&tls);
                return 0;
        }
        if (r > 0 && is_cpython(&frame, call))
                return 1;
        if (r > 0)
                *ret_caller = frame.libffi ? g_strdup("libffi") : g_path_get_basename(frame.module);
        return 0;
}

int wake_origin_parse(const char *output, const ThreadCall *call, char **ret_caller) {
        g_autofree char *line = NULL, *function = NULL, *libc = NULL;
        const char *rest = output, *behind = output;
        Frame frame;

        *ret_caller = NULL;
        while (next_frame(&rest, &line, &frame) > 0 && wake_module_is_libc(frame.module)) {
                g_free(function);
                function = normalise(frame.symbol);
                g_free(libc);
                libc = g_path_get_basename(frame.module);
                behind = rest;
        }
        if (function && !is_expected(call->number, function)) {
                /* Where unwinding ended in the midst of libc, the function is not the outermost one. */
                if (*behind != '\0')
                        *ret_caller = g_strdup(*function ? function : libc);
                return 0;
        }
        if (!function) {
                /* Whoever makes system calls without libc is not CPython. */
                if (next_frame(&behind, &line, &frame) > 0)
                        *ret_caller = g_path_get_basename(frame.module);
                return 0;
        }
        return judge_caller(behind, call, function, ret_caller);
}
