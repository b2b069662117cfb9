/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/test.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/process-usage.h"
#include "tests/unit/target.h"

#define MEMORY (16u << 20)
#define TIME (60 * 1000) /* microseconds */

static void spend_time(void) {
        struct timespec used;

        do
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        while (used.tv_sec == 0 && used.tv_nsec < TIME * 1000L);
}

/* Takes memory and time, also for a child that it has waited for. */
static int body_use(TargetShared *shared) {
        char *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        pid_t child;

        if (memory == MAP_FAILED)
                return 1;
        memset(memory, 1, MEMORY);
        child = fork();
        spend_time();
        if (child == 0)
                _exit(0);
        waitpid(child, NULL, 0);
        atomic_store(&shared->ready, 1);
        pause();
        return 0;
}

static void test_process(void **state) {
        TargetShared *shared = target_shared();
        pid_t pid = target_start(body_use, shared);
        ProcessUsage usage = { .memory = 1, .cpu = 1 };

        target_await(&shared->ready, 0);
        assert_int_equal(process_usage_add(pid, &usage), 0);
        assert_true(usage.memory > MEMORY);
        assert_true(usage.memory < 64 * (uint64_t) MEMORY);
        assert_true(usage.cpu >= TIME); /* of what may be counted less: 10 ms of each */
        assert_true(usage.cpu < 20 * G_USEC_PER_SEC);
        target_kill(pid);
        assert_int_equal(process_usage_add(pid, &usage), -ESRCH);
}

static const char *memory_current, *cpu_stat;

gboolean __wrap_g_file_get_contents(const char *path, char **ret_text, gsize *ret_size, GError **error);
gboolean __wrap_g_file_get_contents(const char *path, char **ret_text, gsize *ret_size, GError **error) {
        const char *text = NULL;

        if (strcmp(path, "/sys/fs/cgroup/user.slice/a.service/memory.current") == 0)
                text = memory_current;
        else if (strcmp(path, "/sys/fs/cgroup/user.slice/a.service/cpu.stat") == 0)
                text = cpu_stat;
        if (!text) {
                g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "No such file");
                return FALSE;
        }
        *ret_text = g_strdup(text);
        return TRUE;
}

static void assert_group(const char *memory, const char *cpu, int expected) {
        ProcessUsage usage = { .memory = 1, .cpu = 2 };

        memory_current = memory;
        cpu_stat = cpu;
        assert_int_equal(process_usage_of_group("/user.slice/a.service", &usage), expected);
        assert_true(usage.memory == (expected == 0 ? 4096000 : 1));
        assert_true(usage.cpu == (expected == 0 ? 12345678 : 2));
}

static void test_group(void **state) {
        ProcessUsage usage;

        assert_group("4096000\n", "usage_usec 12345678\nuser_usec 1\nsystem_usec 2\n", 0);
        assert_group(NULL, "usage_usec 12345678\n", -ENOENT);
        assert_group("4096000\n", NULL, -ENOENT);
        assert_group("max\n", "usage_usec 12345678\n", -EBADMSG);
        assert_group("", "usage_usec 12345678\n", -EBADMSG);
        assert_group("-1\n", "usage_usec 12345678\n", -EBADMSG);
        assert_group("4096000\n", "user_usec 12345678\n", -EBADMSG);
        assert_group("4096000\n", "usage_usec \n", -EBADMSG);
        assert_int_equal(process_usage_of_group("/", &usage), -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_process),
                cmocka_unit_test(test_group),
        };

        return cmocka_run_group_tests_name("process-usage", tests, target_setup, NULL);
}
