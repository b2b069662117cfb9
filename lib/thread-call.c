/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/thread-call.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/cleanup.h"

/* Nine numbers, and a newline. */
#define LINE_MAX_SIZE 256
/* No program has memory below; the kernel's default of vm.mmap_min_addr. */
#define LOWEST_ADDRESS 65536
/* The most descriptors that poll() is believed to be given. */
#define POLL_MAX (1024 * 1024)

/* poll(fds, nfds, timeout); the last is an int, negative for "no limit", which the C library may have extended or not. */
static bool looks_like_poll(const uint64_t arguments[6]) {
        uint32_t high = (uint32_t) (arguments[2] >> 32);

        if (arguments[1] >= POLL_MAX || (int) arguments[2] == 0 || (high != 0 && high != UINT32_MAX))
                return false;
        return arguments[1] == 0 || arguments[0] >= LOWEST_ADDRESS;
}

/* futex(address, operation, value, timeout, address, mask), as glibc waits until a time. */
static bool looks_like_futex(const uint64_t arguments[6]) {
        unsigned operation = (unsigned) arguments[1] & FUTEX_CMD_MASK;

        return arguments[0] >= LOWEST_ADDRESS && (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET) &&
                arguments[3] >= LOWEST_ADDRESS;
}

/*
 * A call that was interrupted by a stop (an injection, say) and has to go on for the rest of a time is restarted as restart_syscall:
 * its own number is lost, but not its arguments. Of those that block, Linux 6.18 does so with poll, with a futex that has a
 * timeout, and with a relative clock_nanosleep or nanosleep.
 */
static long restarted_call(const uint64_t arguments[6]) {
        if (looks_like_futex(arguments))
                return SYS_futex;
#ifdef SYS_poll
        if (looks_like_poll(arguments))
                return SYS_poll;
#endif
        /* clock_nanosleep(clock, flags, request, remaining) */
        if (arguments[0] < LOWEST_ADDRESS && arguments[1] == 0 && arguments[2] >= LOWEST_ADDRESS)
                return SYS_clock_nanosleep;
        return SYS_restart_syscall;
}

/* "running"; or "-1 SP PC": not in a call; or "NUMBER ARGUMENT*6 SP PC". */
static int parse(const char *text, ThreadCall *ret_call) {
        ThreadCall call = { 0 };
        uint64_t *a = call.arguments;
        int n;

        n = sscanf(text,
                "%ld 0x%" SCNx64 " 0x%" SCNx64 " 0x%" SCNx64 " 0x%" SCNx64 " 0x%" SCNx64 " 0x%" SCNx64 " 0x%" SCNx64
                " 0x%" SCNx64,
                &call.number, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5], &call.stack_pointer, &call.program_counter);
        if (n <= 0 || call.number < 0) {
                *ret_call = (ThreadCall) { 0 };
                return 0;
        }
        if (n != 9)
                return -EBADMSG;
        call.blocked = true;
        if (call.number == SYS_restart_syscall)
                call.number = restarted_call(a);
        *ret_call = call;
        return 0;
}

int thread_call_read(pid_t pid, pid_t tid, ThreadCall *ret_call) {
        char path[sizeof("/proc/2147483647/task/2147483647/syscall")], text[LINE_MAX_SIZE];
        autofd fd = -1;
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        return parse(text, ret_call);
}

typedef struct CallName {
        long number;
        const char *name;
} CallName;

#define CALL(call) { SYS_##call, #call }

/* All that can block for long. */
static const CallName names[] = {
#ifdef SYS_accept
        CALL(accept),
#endif
        CALL(accept4),
        CALL(clock_nanosleep),
        CALL(close),
        CALL(connect),
        CALL(copy_file_range),
#ifdef SYS_creat
        CALL(creat),
#endif
        CALL(epoll_pwait),
#ifdef SYS_epoll_pwait2
        CALL(epoll_pwait2),
#endif
#ifdef SYS_epoll_wait
        CALL(epoll_wait),
#endif
        CALL(execve),
        CALL(exit),
        CALL(exit_group),
        CALL(fallocate),
        CALL(fcntl),
        CALL(fdatasync),
        CALL(flock),
        CALL(fsync),
        CALL(ftruncate),
        CALL(futex),
#ifdef SYS_futex_wait
        CALL(futex_wait),
#endif
#ifdef SYS_futex_waitv
        CALL(futex_waitv),
#endif
#ifdef SYS_getdents64
        CALL(getdents64),
#endif
        CALL(getrandom),
        CALL(io_getevents),
#ifdef SYS_io_pgetevents
        CALL(io_pgetevents),
#endif
#ifdef SYS_io_uring_enter
        CALL(io_uring_enter),
#endif
        CALL(ioctl),
        CALL(mount),
        CALL(mq_timedreceive),
        CALL(mq_timedsend),
        CALL(msgrcv),
        CALL(msgsnd),
        CALL(msync),
        CALL(munmap),
        CALL(nanosleep),
#ifdef SYS_newfstatat
        CALL(newfstatat),
#endif
#ifdef SYS_open
        CALL(open),
#endif
        CALL(openat),
#ifdef SYS_openat2
        CALL(openat2),
#endif
#ifdef SYS_pause
        CALL(pause),
#endif
#ifdef SYS_poll
        CALL(poll),
#endif
        CALL(ppoll),
        CALL(pread64),
        CALL(preadv),
        CALL(preadv2),
        CALL(process_vm_readv),
        CALL(pselect6),
        CALL(ptrace),
        CALL(pwrite64),
        CALL(pwritev),
        CALL(pwritev2),
        CALL(read),
        CALL(readv),
        CALL(recvfrom),
        CALL(recvmmsg),
        CALL(recvmsg),
        CALL(restart_syscall),
        CALL(rt_sigsuspend),
        CALL(rt_sigtimedwait),
#ifdef SYS_select
        CALL(select),
#endif
#ifdef SYS_semop
        CALL(semop),
#endif
        CALL(semtimedop),
        CALL(sendfile),
        CALL(sendmmsg),
        CALL(sendmsg),
        CALL(sendto),
        CALL(splice),
        CALL(statx),
        CALL(sync),
        CALL(syncfs),
        CALL(tee),
        CALL(truncate),
        CALL(umount2),
#ifdef SYS_vfork
        CALL(vfork),
#endif
        CALL(vmsplice),
        CALL(wait4),
        CALL(waitid),
        CALL(write),
        CALL(writev),
};

bool thread_call_is_same(const ThreadCall *a, const ThreadCall *b) {
        return a->blocked == b->blocked && a->number == b->number && a->stack_pointer == b->stack_pointer &&
                a->program_counter == b->program_counter;
}

const char *thread_call_name(long number) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (names[i].number == number)
                        return names[i].name;
        return NULL;
}
