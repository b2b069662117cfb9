/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/private-socket.h"

typedef struct Place {
        char *folder;
        char *path;
} Place;

static bool accessible; /* /run/user/UID */

int __wrap_access(const char *path, int mode);

int __wrap_access(const char *path, int mode) {
        assert_true(g_str_has_prefix(path, "/run/user/"));
        assert_int_equal(mode, W_OK);
        return accessible ? 0 : -1;
}

static int set_up(void **state) {
        Place *place = g_new0(Place, 1);

        place->folder = g_dir_make_tmp("helicopter-test-XXXXXX", NULL);
        g_setenv("XDG_RUNTIME_DIR", place->folder, TRUE);
        place->path = private_socket_path();
        *state = place;
        return 0;
}

static int tear_down(void **state) {
        Place *place = *state;
        g_autofree char *subfolder = g_path_get_dirname(place->path);

        g_unlink(place->path);
        g_rmdir(subfolder);
        g_rmdir(place->folder);
        g_free(place->folder);
        g_free(place->path);
        g_free(place);
        return 0;
}

static void test_path(void **state) {
        Place *place = *state;

        assert_true(g_str_has_prefix(place->path, place->folder));
        assert_true(g_str_has_suffix(place->path, "/helicopter/bus"));
}

static void assert_falls_back_to(const char *above) {
        g_autofree char *path = private_socket_path();
        g_autofree char *wanted = g_strdup_printf("%s%u/helicopter/bus", above, getuid());

        assert_string_equal(path, wanted);
}

static void test_path_without_variable(void **state) {
        g_unsetenv("XDG_RUNTIME_DIR");
        accessible = true;
        assert_falls_back_to("/run/user/");
        accessible = false;
        assert_falls_back_to("/tmp/helicopter-");
        g_setenv("XDG_RUNTIME_DIR", "relative/path", TRUE);
        assert_falls_back_to("/tmp/helicopter-");
}

static mode_t mode_of(const char *path) {
        struct stat status;

        assert_int_equal(stat(path, &status), 0);
        return status.st_mode & 07777;
}

static void test_listen_and_connect(void **state) {
        Place *place = *state;
        g_autofree char *folder = g_path_get_dirname(place->path);
        autofd listener = private_socket_listen(place->path);
        autofd connection = private_socket_connect(place->path);

        assert_true(listener >= 0);
        assert_true(connection >= 0);
        assert_int_equal(mode_of(place->path), 0600);
        assert_int_equal(mode_of(folder), 0700);
}

static void test_connect_to_nothing(void **state) {
        Place *place = *state;

        assert_int_equal(private_socket_connect(place->path), -ENOENT);
}

static void test_a_live_one_is_not_taken_over(void **state) {
        Place *place = *state;
        autofd listener = private_socket_listen(place->path);

        assert_true(listener >= 0);
        assert_int_equal(private_socket_listen(place->path), -EADDRINUSE);
}

static void test_a_stale_one_is_taken_over(void **state) {
        Place *place = *state;
        autofd first = private_socket_listen(place->path);
        autofd second = -1, connection = -1;

        assert_true(first >= 0);
        close_fd(&first);
        assert_int_equal(private_socket_connect(place->path), -ECONNREFUSED);
        second = private_socket_listen(place->path);
        assert_true(second >= 0);
        connection = private_socket_connect(place->path);
        assert_true(connection >= 0);
}

static void test_a_folder_open_to_others_is_refused(void **state) {
        Place *place = *state;
        g_autofree char *folder = g_path_get_dirname(place->path);

        assert_int_equal(g_mkdir(folder, 0700), 0);
        assert_int_equal(chmod(folder, 0777), 0);
        assert_int_equal(private_socket_listen(place->path), -EPERM);
        assert_int_equal(chmod(folder, 0700), 0);
        assert_int_equal(chmod(place->folder, 0777), 0);
        assert_int_equal(private_socket_listen(place->path), -EPERM);
}

static void test_too_long_a_path(void **state) {
        char path[300];

        memset(path, 'a', sizeof path);
        path[0] = '/';
        path[sizeof path - 1] = '\0';
        assert_int_equal(private_socket_connect(path), -ENAMETOOLONG);
        assert_int_equal(private_socket_listen(path), -ENAMETOOLONG);
}

/* A listener of another user: the kernel says so through SO_PEERCRED, and so does this. */
static uid_t peer_uid = (uid_t) -1;

int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size) {
        int r = __real_getsockopt(fd, level, option, value, size);

        if (r == 0 && option == SO_PEERCRED && peer_uid != (uid_t) -1)
                ((struct ucred *) value)->uid = peer_uid;
        return r;
}

static void test_another_user_s_socket_is_refused(void **state) {
        Place *place = *state;
        autofd listener = private_socket_listen(place->path);

        assert_true(listener >= 0);
        peer_uid = geteuid() + 1;
        assert_int_equal(private_socket_connect(place->path), -EPERM);
        peer_uid = (uid_t) -1;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_path, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_path_without_variable, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_listen_and_connect, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_connect_to_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_live_one_is_not_taken_over, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_stale_one_is_taken_over, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_folder_open_to_others_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_too_long_a_path, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_user_s_socket_is_refused, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
