/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/process-memory.h"
#include "tests/unit/target.h"

/* What a kernel or a sandbox without these calls answers. */
static bool missing;

ssize_t __real_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags);
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags);
ssize_t __real_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags);
ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags);

ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags) {
        if (!missing)
                return __real_process_vm_readv(pid, local, locals, remote, remotes, flags);
        errno = ENOSYS;
        return -1;
}

ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags) {
        if (!missing)
                return __real_process_vm_writev(pid, local, locals, remote, remotes, flags);
        errno = ENOSYS;
        return -1;
}

/* A page that the target shares, and nothing behind it. */
static char *page;
static size_t page_size;

static int body_pause(TargetShared *shared) {
        pause();
        return 0;
}

static uint64_t address(size_t offset) {
        return (uint64_t) (uintptr_t) page + offset;
}

static void check_access(void) {
        pid_t pid = target_start(body_pause, NULL);
        char buffer[8] = { 0 };

        memcpy(page + 100, "before", sizeof("before"));
        assert_int_equal(process_memory_read(pid, address(100), buffer, 7), 0);
        assert_string_equal(buffer, "before");
        assert_int_equal(process_memory_write(pid, address(102), "t", 1), 0);
        assert_string_equal(page + 100, "betore");
        assert_int_equal(process_memory_read(pid, address(page_size - 8), buffer, 8), 0);
        assert_int_equal(process_memory_write(pid, address(page_size - 8), buffer, 8), 0);
        target_kill(pid);
        assert_int_equal(process_memory_read(pid, address(100), buffer, 7), -ESRCH);
        assert_int_equal(process_memory_write(pid, address(100), buffer, 7), -ESRCH);
}

/* Partly there, and not there at all; addresses without any sense. */
static void check_nothing_there(void) {
        pid_t pid = target_start(body_pause, NULL);
        const uint64_t addresses[] = { address(page_size - 4), address(page_size), 0, 8, UINT64_MAX - 3, UINT64_MAX - 7,
                (uint64_t) 1 << 63 };
        char buffer[8] = { 0 };

        for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
                assert_int_equal(process_memory_read(pid, addresses[i], buffer, 8), -EFAULT);
                assert_int_equal(process_memory_write(pid, addresses[i], buffer, 8), -EFAULT);
        }
        target_kill(pid);
}

static void test_calls(void **state) {
        missing = false;
        check_access();
        check_nothing_there();
}

static void test_file(void **state) {
        missing = true;
        check_access();
        check_nothing_there();
}

static int setup(void **state) {
        page_size = (size_t) sysconf(_SC_PAGESIZE);
        page = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED || munmap(page + page_size, page_size) < 0)
                return -1;
        return target_setup(state);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_calls),
                cmocka_unit_test(test_file),
        };

        return cmocka_run_group_tests(tests, setup, NULL);
}
