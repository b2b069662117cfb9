/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/options.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "helicopter/error.h"
#include "helicopter/job-name.h"
#include "helicopter/log.h"
#include "parent/environment.h"
#include "parent/job-config.h"

static const char usage[] = "Usage:\n"
                            "  helicopter-parent [OPTION…] [--] target.py|COMMAND [ARGUMENT…]\n"
                            "\n"
                            "Run a job so that a debugger can be attached to it later.\n"
                            "\n"
                            "Options:\n"
                            "  -h, --help                Show help options\n"
                            "  -j, --job=NAME            Name the job (default: made from the command)\n"
                            "  -c, --config=FILE         Read the job from a file (helicopter-job@.service)\n"
                            "  --grant-policy=POLICY     Who may debug it (default: same-user)\n"
                            "  --version                 Show the version\n"
                            "\n"
                            "A target that ends in .py is run with the python3 of the PATH; anything else is\n"
                            "executed as given. The exit status is the job's, or 125: helicopter-parent\n"
                            "itself failed, 126: the command cannot be executed, 127: it was not found.\n"
                            "POLICY is " GRANT_POLICY_NAMES ".\n"
                            "\n"
                            "To debug the job: helicopter-client attach --job NAME\n";

enum { GRANT_POLICY = 256, ENVIRONMENT_ON_STDIN, VERSION };

/*
 * Not read with GLib's parser, as the options of the other programs are: a parent stays as long as its job, and so does each piece of a
 * library that it has ever touched. The parser's, and that of the character sets it needs, are a tenth of its memory.
 */
static const struct option known[] = {
        { "config", required_argument, NULL, 'c' },
        { "environment-on-stdin", no_argument, NULL, ENVIRONMENT_ON_STDIN },
        { "grant-policy", required_argument, NULL, GRANT_POLICY },
        { "help", no_argument, NULL, 'h' },
        { "job", required_argument, NULL, 'j' },
        { "version", no_argument, NULL, VERSION },
        {},
};

/* What the options say; the strings are argv's. */
typedef struct Given {
        const char *name, *config, *policy;
        bool environment;
        char **words; /* what stands behind the options */
} Given;

void options_clear(Options *options) {
        g_clear_pointer(&options->name, g_free);
        g_clear_pointer(&options->environment, g_strfreev);
        g_clear_pointer(&options->start, g_bytes_unref);
        g_clear_pointer(&options->working_directory, g_free);
        g_clear_pointer(&options->command, g_strfreev);
}

static void set_command(char **words, Options *options) {
        g_autoptr(GPtrArray) command = g_ptr_array_new();
        bool is_script = g_str_has_suffix(words[0], ".py");

        if (is_script)
                g_ptr_array_add(command, g_strdup("python3"));
        for (; *words; words++)
                g_ptr_array_add(command, g_strdup(*words));
        g_ptr_array_add(command, NULL);
        options->command = (char **) g_ptr_array_steal(command, NULL);
        options->script = is_script ? options->command[1] : NULL;
}

static int read_environment(Options *options) {
        int r = environment_from_stdin(&options->environment, &options->start, &options->is_first);

        if (r < 0)
                log_error("The environment of the job cannot be read from standard input: %s; 'helicopter-client run' "
                          "passes one.",
                        g_strerror(-r));
        return r;
}

/* The job is in a file, and not on the command line. */
static int read_config(const char *path, char **words, Options *options) {
        g_auto(JobConfig) config = {};
        g_autoptr(GError) error = NULL;
        int r;

        if (words[0]) {
                log_error("With --config there is no command; 'helicopter-parent --help' shows how it is used.");
                return -EINVAL;
        }
        r = job_config_read(path, &config, &error);
        if (r < 0) {
                log_error("%s: %s; helicopter-parent(1) says what is in such a file.", path, error->message);
                return r;
        }
        set_command(config.command, options);
        options->working_directory = g_steal_pointer(&config.working_directory);
        options->environment = environment_with(config.environment);
        options->grant_policy = config.grant_policy;
        return 0;
}

static int set_name(const char *name, Options *options) {
        options->name_is_given = name != NULL;
        options->name = name ? g_strdup(name) : job_name_from_command((const char *const *) options->command);
        if (job_name_is_valid(options->name))
                return 0;
        log_error("'%s' is not a name for a job. %s", options->name, error_remedy(HELICOPTER_ERROR_BAD_NAME));
        return -EINVAL;
}

static void wrong_option(int found, const char *word) {
        g_autofree char *why = NULL;

        if (found == ':')
                why = g_strdup_printf("Missing argument for %s", word);
        else if (word[0] == '-' && word[1] != '-') /* it may be one of several letters */
                why = g_strdup_printf("Unknown option -%c", optopt);
        else
                why = g_strdup_printf("Unknown option %s", word);
        log_error("%s; 'helicopter-parent --help' shows how it is used.", why);
}

static int show_help(void) {
        setlocale(LC_CTYPE, ""); /* g_print() writes in its encoding */
        g_print("%s", usage);
        return 1;
}

/* Returns as options_parse() does. */
static int read_options(int argc, char **argv, Given *given) {
        int found;

        optind = 0; /* begin anew (glibc) */
        opterr = 0;
        /* "+": what follows the command belongs to it. */
        while ((found = getopt_long(argc, argv, "+:c:hj:", known, NULL)) >= 0) {
                switch (found) {
                case 'c':
                        given->config = optarg;
                        break;
                case 'j':
                        given->name = optarg;
                        break;
                case GRANT_POLICY:
                        given->policy = optarg;
                        break;
                case ENVIRONMENT_ON_STDIN:
                        given->environment = true;
                        break;
                case 'h':
                        return show_help();
                case VERSION:
                        puts("helicopter-parent " HELICOPTER_VERSION);
                        return 1;
                default:
                        wrong_option(found, argv[MAX(optind - 1, 1)]);
                        return -EINVAL;
                }
        }
        given->words = argv + optind;
        if (given->config || (given->words[0] && given->words[0][0]))
                return 0;
        log_error("There is no command to run; 'helicopter-parent --help' shows how it is used.");
        return -EINVAL;
}

static int set_policy(const char *name, Options *options) {
        int policy = grant_policy_from_string(name);

        if (policy < 0) {
                log_error("--grant-policy takes " GRANT_POLICY_NAMES ", not '%s'.", name);
                return policy;
        }
        options->grant_policy = (GrantPolicy) policy;
        return 0;
}

int options_parse(int argc, char **argv, Options *ret_options) {
        g_auto(Options) options = {};
        Given given = {};
        int r;

        r = read_options(argc, argv, &given);
        if (r != 0)
                return r;
        if (given.config)
                r = read_config(given.config, given.words, &options);
        else
                set_command(given.words, &options);
        if (r >= 0)
                r = set_name(given.name, &options);
        if (r >= 0 && given.policy)
                r = set_policy(given.policy, &options);
        if (r >= 0 && given.environment)
                r = read_environment(&options);
        if (r < 0)
                return r;
        *ret_options = options;
        options = (Options) {};
        return 0;
}
