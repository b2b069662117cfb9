/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which calls CPython makes again after EINTR, once it has run what is pending. Each was looked up in the sources of
 * CPython 3.14 (the files are named) and seen to go on in 3.14 and 3.15.
 */

#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#include "helicopter/wake.h"

/* time.sleep() waits until a time, and C's sleep() for a time. */
static bool sleeps_until(const ThreadCall *call) {
        return (int) call->arguments[1] == TIMER_ABSTIME;
}

static bool waits_for_lock(const ThreadCall *call) {
        int command = (int) call->arguments[1];

        return command == F_SETLKW || command == F_OFD_SETLKW;
}

/*
 * An interrupted connect goes on by itself, and CPython polls for its end, but only where the protocol does so. That of
 * local sockets gives up, and CPython would take it for connected. Told by the address's length here;
 * wake_snapshot() looks at its family.
 */
static bool connects_by_itself(const ThreadCall *call) {
        return call->arguments[2] == sizeof(struct sockaddr_in) || call->arguments[2] == sizeof(struct sockaddr_in6);
}

typedef struct Entry {
        long number;
        WakeKind kind;
        bool (*is_so)(const ThreadCall *call); /* NULL: always */
} Entry;

static const Entry entries[] = {
        /* Python/fileutils.c, Parser/myreadline.c (input), Modules/_ssl.c */
        { SYS_read, WAKE_RESUMED },
        { SYS_write, WAKE_RESUMED },
        /* Modules/posixmodule.c */
        { SYS_readv, WAKE_RESUMED },
        { SYS_pread64, WAKE_RESUMED },
        { SYS_preadv, WAKE_RESUMED },
        { SYS_preadv2, WAKE_RESUMED },
        { SYS_writev, WAKE_RESUMED },
        { SYS_pwrite64, WAKE_RESUMED },
        { SYS_pwritev, WAKE_RESUMED },
        { SYS_pwritev2, WAKE_RESUMED },
        { SYS_sendfile, WAKE_RESUMED },
        { SYS_splice, WAKE_RESUMED },
        { SYS_wait4, WAKE_RESUMED },
        { SYS_waitid, WAKE_RESUMED },
        { SYS_getrandom, WAKE_RESUMED },
/* Modules/posixmodule.c, Modules/_io/fileio.c */
#ifdef SYS_open
        { SYS_open, WAKE_RESUMED },
#endif
        { SYS_openat, WAKE_RESUMED },
#ifdef SYS_openat2
        { SYS_openat2, WAKE_RESUMED },
#endif
/* Modules/socketmodule.c */
#ifdef SYS_accept
        { SYS_accept, WAKE_RESUMED },
#endif
        { SYS_accept4, WAKE_RESUMED },
        { SYS_recvfrom, WAKE_RESUMED },
        { SYS_recvmsg, WAKE_RESUMED },
        { SYS_sendto, WAKE_RESUMED },
        { SYS_sendmsg, WAKE_RESUMED },
        { SYS_connect, WAKE_RESUMED, connects_by_itself },
/* Modules/selectmodule.c; poll also Modules/socketmodule.c and Modules/_ssl.c; select also Modules/readline.c */
#ifdef SYS_select
        { SYS_select, WAKE_RESUMED },
#endif
        { SYS_pselect6, WAKE_RESUMED },
#ifdef SYS_poll
        { SYS_poll, WAKE_RESUMED },
#endif
        { SYS_ppoll, WAKE_RESUMED },
#ifdef SYS_epoll_wait
        { SYS_epoll_wait, WAKE_RESUMED },
#endif
        { SYS_epoll_pwait, WAKE_RESUMED },
#ifdef SYS_epoll_pwait2
        { SYS_epoll_pwait2, WAKE_RESUMED },
#endif
        /* Modules/timemodule.c */
        { SYS_clock_nanosleep, WAKE_RESUMED, sleeps_until },
        /* Modules/fcntlmodule.c */
        { SYS_flock, WAKE_RESUMED },
        { SYS_fcntl, WAKE_RESUMED, waits_for_lock },
        /* Modules/signalmodule.c; not sigwait(), but that goes on waiting in libc. */
        { SYS_rt_sigtimedwait, WAKE_RESUMED },
        /* Python/thread_pthread.h, Python/parking_lot.c */
        { SYS_futex, WAKE_LOCK },
#ifdef SYS_futex_wait
        { SYS_futex_wait, WAKE_LOCK },
#endif
#ifdef SYS_futex_waitv
        { SYS_futex_waitv, WAKE_LOCK },
#endif
};

WakeKind wake_kind(const ThreadCall *call) {
        if (!call->blocked)
                return WAKE_NEVER;
        for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
                if (entries[i].number == call->number)
                        return !entries[i].is_so || entries[i].is_so(call) ? entries[i].kind : WAKE_NEVER;
        return WAKE_NEVER;
}
