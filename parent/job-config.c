/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/job-config.h"

#include <errno.h>
#include <string.h>

#define GROUP "Job"

void job_config_clear(JobConfig *config) {
        g_clear_pointer(&config->command, g_strfreev);
        g_clear_pointer(&config->working_directory, g_free);
        g_clear_pointer(&config->environment, g_strfreev);
}

static int set_invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static int set_invalid(GError **error, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        if (error)
                *error = g_error_new_valist(G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, format, arguments);
        va_end(arguments);
        return -EINVAL;
}

/* A misspelt key would silently be another job. */
static int check_keys(GKeyFile *file, GError **error) {
        static const char *const known[] = { "Command", "WorkingDirectory", "Environment", "GrantPolicy", NULL };
        g_auto(GStrv) groups = g_key_file_get_groups(file, NULL), keys = NULL;

        for (char **group = groups; *group; group++)
                if (!g_str_equal(*group, GROUP))
                        return set_invalid(error, "There is no section [%s], only [" GROUP "]", *group);
        keys = g_key_file_get_keys(file, GROUP, NULL, error);
        if (!keys)
                return -EINVAL;
        for (char **key = keys; *key; key++)
                if (!g_strv_contains(known, *key))
                        return set_invalid(error,
                                "There is no '%s=', only Command=, WorkingDirectory=, Environment= and GrantPolicy=",
                                *key);
        return 0;
}

/* The words of a value as it is written: GKeyFile's own escapes would take a shell's away. */
static int read_words(GKeyFile *file, const char *key, char ***ret_words, GError **error) {
        g_autofree char *value = g_key_file_get_value(file, GROUP, key, error);
        g_autoptr(GError) why = NULL;
        char **words = NULL;

        if (!value)
                return -EINVAL;
        if (!g_shell_parse_argv(value, NULL, &words, &why) &&
                !g_error_matches(why, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
                return set_invalid(error, "%s=: %s", key, why->message);
        *ret_words = words ? words : g_new0(char *, 1);
        return 0;
}

static int read_command(GKeyFile *file, JobConfig *config, GError **error) {
        int r = read_words(file, "Command", &config->command, error);

        if (r < 0)
                return r;
        return config->command[0] && config->command[0][0] ? 0 : set_invalid(error, "Command= is empty");
}

static int read_environment(GKeyFile *file, JobConfig *config, GError **error) {
        int r;

        if (!g_key_file_has_key(file, GROUP, "Environment", NULL))
                return 0;
        r = read_words(file, "Environment", &config->environment, error);
        if (r < 0)
                return r;
        for (char **variable = config->environment; *variable; variable++)
                if (!strchr(*variable, '=') || **variable == '=')
                        return set_invalid(error, "Environment= takes NAME=VALUE, not '%s'", *variable);
        return 0;
}

static int read_folder(GKeyFile *file, JobConfig *config) {
        g_autofree char *value = g_key_file_get_value(file, GROUP, "WorkingDirectory", NULL);
        const char *path = value ? value : "";

        if (g_str_equal(path, "~") || g_str_has_prefix(path, "~/"))
                path += path[1] ? 2 : 1;
        config->working_directory = g_canonicalize_filename(path, g_get_home_dir());
        return 0;
}

static int read_policy(GKeyFile *file, JobConfig *config, GError **error) {
        g_autofree char *value = g_key_file_get_value(file, GROUP, "GrantPolicy", NULL);
        int policy = value ? grant_policy_from_string(value) : GRANT_POLICY_SAME_USER;

        if (policy < 0)
                return set_invalid(error, "GrantPolicy= is " GRANT_POLICY_NAMES ", not '%s'", value);
        config->grant_policy = (GrantPolicy) policy;
        return 0;
}

int job_config_read(const char *path, JobConfig *ret_config, GError **error) {
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_auto(JobConfig) config = {};
        int r;

        if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error))
                return -EIO;
        r = check_keys(file, error);
        if (r >= 0)
                r = read_command(file, &config, error);
        if (r >= 0)
                r = read_environment(file, &config, error);
        if (r >= 0)
                r = read_folder(file, &config);
        if (r >= 0)
                r = read_policy(file, &config, error);
        if (r < 0)
                return r;
        *ret_config = config;
        config = (JobConfig) {};
        return 0;
}
