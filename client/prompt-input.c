/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/prompt-input.h"

#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <wchar.h>

#include "client/library.h"
#include "helicopter/cleanup.h"

#define HISTORY_SIZE 500

/* Debian's name for it, and everybody else's. */
static const char *const names[] = { "libedit.so.2", "libedit.so.0", NULL };

#define FUNCTIONS(X)    \
        X(el_init)      \
        X(el_end)       \
        X(el_get)       \
        X(el_set)       \
        X(el_gets)      \
        X(el_line)      \
        X(el_insertstr) \
        X(el_source)    \
        X(el_resize)    \
        X(history_init) \
        X(history_end)  \
        X(history)

static struct {
        FUNCTIONS(LIBRARY_MEMBER)
} library;

static const LibraryFunction functions[] = { FUNCTIONS(LIBRARY_ENTRY) };

struct PromptInput {
        const char *prompt;
        PromptCompleter completer;
        char *history_path;
        EditLine *editor; /* NULL: plain lines */
        History *history;
        sigset_t signals; /* that are taken from the descriptor while a line is edited */
        sigset_t before;  /* what was blocked */
        int signal_fd;
        bool interrupted;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PromptInput, prompt_input_free)

static const char *get_prompt(EditLine *editor) {
        PromptInput *input;

        library.el_get(editor, EL_CLIENTDATA, &input);
        return input->prompt;
}

/* The terminal as libedit wants it, but for a read, which never waits: poll() tells of a byte that is a ^C as of any other, and
 * where it has become the signal by the time of the read there is nothing to be read (Linux 6.18). */
static void prepare_terminal(PromptInput *input) {
        struct termios modes;

        library.el_set(input->editor, EL_PREP_TERM, 1);
        if (tcgetattr(STDIN_FILENO, &modes) < 0)
                return;
        modes.c_cc[VMIN] = modes.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

/* ^Z: libedit would do this itself with signal handlers, which would take ^C too. */
static void suspend(PromptInput *input) {
        sigset_t only;

        library.el_set(input->editor, EL_PREP_TERM, 0);
        sigemptyset(&only);
        sigaddset(&only, SIGTSTP);
        raise(SIGTSTP);
        sigprocmask(SIG_UNBLOCK, &only, NULL); /* stops here, until `fg` */
        sigprocmask(SIG_BLOCK, &only, NULL);
        prepare_terminal(input);
        library.el_set(input->editor, EL_REFRESH);
}

static void handle_signal(PromptInput *input) {
        struct signalfd_siginfo info;

        if (read(input->signal_fd, &info, sizeof info) != sizeof info)
                return;
        if (info.ssi_signo == SIGINT)
                input->interrupted = true;
        else if (info.ssi_signo == SIGTSTP)
                suspend(input);
        else
                library.el_resize(input->editor);
}

/* Read one byte. Returns 1, 0 at the end, -EINTR after ^C, or another errno. */
static int read_byte(PromptInput *input, char *ret_byte) {
        struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { input->signal_fd, POLLIN, 0 } };

        for (;;) {
                ssize_t r = 0;

                if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
                        return -errno;
                if (fds[1].revents)
                        handle_signal(input);
                if (input->interrupted)
                        return -EINTR;
                if (fds[0].revents)
                        r = read(STDIN_FILENO, ret_byte, 1);
                if (r < 0)
                        return -errno;
                if (r > 0 || fds[0].revents & (POLLHUP | POLLERR))
                        return (int) r;
        }
}

/* libedit's reader of one character: 1, 0 at the end, -1. */
static int read_character(EditLine *editor, wchar_t *ret_character) {
        mbstate_t state = { 0 };
        PromptInput *input;
        size_t size;
        char byte;

        library.el_get(editor, EL_CLIENTDATA, &input);
        do {
                int r = read_byte(input, &byte);

                if (r <= 0)
                        return r < 0 ? -1 : 0;
                size = mbrtowc(ret_character, &byte, 1, &state);
                if (size == (size_t) -1) {
                        memset(&state, 0, sizeof state);
                        *ret_character = L'?';
                        return 1;
                }
        } while (size == (size_t) -2);
        return 1;
}

/* The length of what all the words begin with. */
static size_t common_length(char **words) {
        size_t length = strlen(words[0]);

        for (char **word = words + 1; *word; word++)
                while (strncmp(words[0], *word, length) != 0)
                        length--;
        while (length > 0 && (words[0][length] & 0xC0) == 0x80) /* within a character of UTF-8 */
                length--;
        return length;
}

static void show_words(char **words) {
        putchar('\n');
        for (; *words; words++)
                printf("%s  ", *words);
        putchar('\n');
}

/* Insert what all candidates agree in; show them where that is nothing more. */
static unsigned char insert_common(PromptInput *input, char **words, size_t typed) {
        size_t length = common_length(words);
        bool done = !words[1] && !strchr("/=", words[0][length - (length > 0)]);
        g_autofree char *more = length > typed ? g_strndup(words[0] + typed, length - typed) : g_strdup("");
        g_autofree char *text = g_strconcat(more, done ? " " : "", NULL);

        if (!*text) {
                show_words(words);
                return CC_REDISPLAY;
        }
        return library.el_insertstr(input->editor, text) == 0 ? CC_REFRESH : CC_ERROR;
}

/* libedit's function for the tab key. */
static unsigned char complete_word(EditLine *editor, int key) {
        const LineInfo *info = library.el_line(editor);
        g_autofree char *line = g_strndup(info->buffer, (size_t) (info->cursor - info->buffer));
        const char *last = strrchr(line, ' ');
        g_auto(GStrv) words = NULL;
        PromptInput *input;

        library.el_get(editor, EL_CLIENTDATA, &input);
        words = input->completer(line);
        if (!words[0])
                return CC_REFRESH_BEEP;
        return insert_common(input, words, strlen(last ? last + 1 : line));
}

static void bind_tab(PromptInput *input) {
        library.el_set(input->editor, EL_ADDFN, "helicopter-complete", "Complete the word", complete_word);
        library.el_set(input->editor, EL_BIND, "^I", "helicopter-complete", NULL);
}

static void open_history(PromptInput *input) {
        HistEvent event;

        library.history(input->history, &event, H_SETSIZE, HISTORY_SIZE);
        library.history(input->history, &event, H_SETUNIQUE, 1);
        if (input->history_path)
                library.history(input->history, &event, H_LOAD, input->history_path);
}

/* What cannot be kept is not worth a word. */
static void close_history(PromptInput *input) {
        HistEvent event;

        if (input->history_path) {
                g_autofree char *folder = g_path_get_dirname(input->history_path);

                if (g_mkdir_with_parents(folder, 0700) == 0)
                        library.history(input->history, &event, H_SAVE, input->history_path);
        }
        library.history_end(input->history);
}

static int open_editor(PromptInput *input) {
        input->editor = library.el_init("helicopter-client", stdin, stdout, stderr);
        input->history = library.history_init();
        if (!input->editor || !input->history) {
                g_clear_pointer(&input->history_path, g_free); /* nothing was read, so nothing is to be written */
                return -ENOMEM;
        }
        open_history(input);
        library.el_set(input->editor, EL_CLIENTDATA, input);
        library.el_set(input->editor, EL_EDITOR, "emacs");
        library.el_set(input->editor, EL_SIGNAL, 0);
        library.el_set(input->editor, EL_PROMPT, get_prompt);
        library.el_set(input->editor, EL_HIST, library.history, input->history);
        library.el_set(input->editor, EL_GETCFN, read_character);
        bind_tab(input); /* before what the user's ~/.editrc says */
        library.el_source(input->editor, NULL);
        return 0;
}

/* ^C stays blocked between the lines, too: it is never the end of the prompt. */
static int open_signals(PromptInput *input) {
        sigset_t interrupt;

        sigemptyset(&interrupt);
        sigaddset(&interrupt, SIGINT);
        input->signals = interrupt;
        sigaddset(&input->signals, SIGTSTP);
        sigaddset(&input->signals, SIGWINCH);
        input->signal_fd = signalfd(-1, &input->signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (input->signal_fd < 0)
                return -errno;
        sigprocmask(SIG_BLOCK, &interrupt, &input->before);
        return 0;
}

static void close_signals(PromptInput *input) {
        if (input->signal_fd < 0)
                return;
        sigprocmask(SIG_SETMASK, &input->before, NULL);
        close_fd(&input->signal_fd);
}

static int open_terminal(PromptInput *input, char **ret_why) {
        int r;

        r = library_load(names, functions, G_N_ELEMENTS(functions), ret_why);
        if (r < 0)
                return r;
        r = open_signals(input);
        if (r >= 0)
                r = open_editor(input);
        if (r < 0)
                *ret_why = g_strdup(g_strerror(-r));
        return r;
}

PromptInput *prompt_input_new(const char *prompt, PromptCompleter completer, const char *history_path, char **ret_why) {
        g_autoptr(PromptInput) input = g_new0(PromptInput, 1);

        input->prompt = prompt;
        input->completer = completer;
        input->history_path = g_strdup(history_path);
        input->signal_fd = -1;
        if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && open_terminal(input, ret_why) < 0)
                return NULL;
        return g_steal_pointer(&input);
}

PromptInput *prompt_input_free(PromptInput *input) {
        if (!input)
                return NULL;
        if (input->editor)
                library.el_end(input->editor);
        if (input->history)
                close_history(input);
        close_signals(input);
        g_free(input->history_path);
        g_free(input);
        return NULL;
}

static int read_edited(PromptInput *input, char **ret_line) {
        const char *line;
        HistEvent event;
        sigset_t before;
        int count;

        input->interrupted = false;
        sigprocmask(SIG_BLOCK, &input->signals, &before);
        /* libedit has shown the prompt before it gets to that (3.1), and a ^D that is typed between the two would be lost. */
        prepare_terminal(input);
        line = library.el_gets(input->editor, &count);
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (input->interrupted) {
                printf("^C\n");
                return -EINTR;
        }
        if (!line || count <= 0) {
                printf("\n");
                return 0;
        }
        *ret_line = g_strchomp(g_strdup(line));
        if (**ret_line)
                library.history(input->history, &event, H_ENTER, *ret_line);
        return 1;
}

static int read_plain(char **ret_line) {
        g_autoptr(GString) line = g_string_new(NULL);
        ssize_t r;
        char byte;

        for (;;) {
                r = read(STDIN_FILENO, &byte, 1);
                if (r < 0 && errno != EINTR)
                        return -errno;
                if (r == 0 && line->len == 0)
                        return 0;
                if (r == 0 || (r > 0 && byte == '\n'))
                        break;
                if (r > 0)
                        g_string_append_c(line, byte);
        }
        *ret_line = g_strdup(line->str);
        return 1;
}

int prompt_input_read(PromptInput *input, char **ret_line) {
        return input->editor ? read_edited(input, ret_line) : read_plain(ret_line);
}
