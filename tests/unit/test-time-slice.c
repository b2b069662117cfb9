/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/time-slice.h"

typedef struct Attributes {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
} Attributes;

static Attributes get(void) {
        Attributes attributes = { .size = sizeof attributes };

        assert_int_equal(syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0), 0);
        return attributes;
}

static void *get_in_thread(void *data) {
        *(Attributes *) data = get();
        return NULL;
}

static void on_thread(void *(*run)(void *data), void *data) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, run, data), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
}

static void *shorten_and_look(void *data) {
        Attributes *seen = data;

        seen[0] = get();
        time_slice_shorten();
        seen[1] = get();
        on_thread(get_in_thread, &seen[2]);
        return NULL;
}

/* Where the kernel has such: the runtime that it tells of an ordinary thread, since Linux 6.12. */
static void test_shorten(void **state) {
        Attributes before = get(), seen[3];

        on_thread(shorten_and_look, seen);
        assert_int_equal(seen[0].runtime, before.runtime);
        for (int i = 1; i < 3; i++) {
                assert_int_equal(seen[i].runtime, MIN(before.runtime, 100000));
                assert_int_equal(seen[i].nice, before.nice);
                assert_int_equal(seen[i].policy, before.policy);
        }
        assert_int_equal(get().runtime, before.runtime);
}

static void *run_idle(void *data) {
        Attributes *seen = data;

        assert_int_equal(sched_setscheduler(0, SCHED_IDLE, &(struct sched_param) {}), 0);
        seen[0] = get();
        time_slice_shorten();
        seen[1] = get();
        return NULL;
}

/* Who is to run last of all is let be. */
static void test_other_policy(void **state) {
        Attributes seen[2];

        on_thread(run_idle, seen);
        assert_memory_equal(&seen[0], &seen[1], sizeof seen[0]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shorten),
                cmocka_unit_test(test_other_policy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
