/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/linger.h"

#include <errno.h>
#include <glib.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* Who is in it is anybody's to see; logind's own answer would want the system bus. */
#define LINGER_FOLDER "/var/lib/systemd/linger"
#define LOGIND_FOLDER "/run/systemd/seats"

/* logind writes a name that is odd as a file's name with escapes; nobody has one (useradd(8)). */
int linger_is_on(void) {
        const struct passwd *user = getpwuid(geteuid());
        g_autofree char *path = NULL;

        if (!user || access(LOGIND_FOLDER, F_OK) < 0)
                return -ENOENT;
        path = g_build_filename(LINGER_FOLDER, user->pw_name, NULL);
        if (access(path, F_OK) == 0)
                return 1;
        return errno == ENOENT ? 0 : -errno;
}

bool linger_matters(const char *control_group) {
        g_autofree char *manager = g_strdup_printf("/user@%u.service/", geteuid());

        return control_group && strstr(control_group, manager) != NULL;
}
