/* SPDX-License-Identifier: MIT */
/*
 * The module _terminal: what the line editor of the prompt needs of a terminal, which is single
 * keys, its size, and the guard over what is written meanwhile.
 *
 * Keys come unprocessed except for Ctrl-C, which stays a signal, and line feeds, which carriage
 * returns become as always. What was typed before is kept.
 *
 * Read next: stdlib/guard.h, stdlib/_prompt/editor.tul.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "common/memory.h"
#include "stdlib/guard.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* The settings are kept as bytes, which only leave() understands. */
static Value enter(Thread *t, Value *args) {
    (void)args;
    struct termios before, keys;
    if (tcgetattr(STDIN_FILENO, &before) < 0) return raise_os_error(t, errno, VALUE_UNSET);
    keys = before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    keys.c_iflag &= ~(tcflag_t)IXON;
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    keys.c_cc[VQUIT] = keys.c_cc[VSUSP] = _POSIX_VDISABLE;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &keys) < 0) return raise_os_error(t, errno, VALUE_UNSET);
    return object_value(bytes_new(t, (const uint8_t *)&before, sizeof before));
}

static Value leave(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    if (!arg_bytes(t, args[0], &data, &size)) return VALUE_ERROR;
    struct termios before;
    if (size != sizeof before) return raise_error(t, EXC_ValueError, "no settings of a terminal");
    memcpy(&before, data, size);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    return VALUE_NONE;
}

static Value size(Thread *t, Value *args) {
    (void)args;
    struct winsize window = {0};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
    Value pair[2] = {fixnum(window.ws_col ? window.ws_col : 80),
                     fixnum(window.ws_row ? window.ws_row : 24)};
    return object_value(tuple_from(t, pair, 2));
}

/* ---- the guard ---- */

static Guard *made_guard(Thread *t) {
    Stdlib *lib = stdlib_of(t);
    if (lib->guard) return lib->guard;
    lib->guard = memory_alloc(sizeof *lib->guard);
    *lib->guard = (Guard){0};
    for (int fd = 0; fd < 3; fd++) lib->guard->watched[fd] = isatty(fd);
    return lib->guard;
}

static Value show(Thread *t, Value *args) {
    if (!is_str(args[0]) || !is_str(args[1]) || !is_str(args[2]))
        return raise_error(t, EXC_TypeError, "before, erase and draw must be texts");
    guard_show(made_guard(t), STR(args[0]), STR(args[1]), STR(args[2]));
    return VALUE_NONE;
}

static Value hide(Thread *t, Value *args) {
    (void)args;
    Guard *guard = made_guard(t);
    guard->shown = guard->middle = false;
    guard->unfinished.size = 0;
    return VALUE_NONE;
}

static Value in_middle(Thread *t, Value *args) {
    (void)args;
    return bool_value(made_guard(t)->middle);
}

static const NativeDef functions[] = {
    {"enter", enter, "()", "Let standard input give single keys; gives what leave() wants."},
    {"leave", leave, "(before, /)", "Undo enter()."},
    {"size", size, "()", "(columns, rows) of the terminal."},
    {"show", show, "(before, erase, draw, /)",
     "Write before, which erases what was drawn last, and draw; output appears above from now on,\n"
     "for which erase removes what was drawn."},
    {"hide", hide, "()", "It is not any more."},
    {"in_middle", in_middle, "()", "Did the program not end the line that it wrote last?"},
    {0},
};

const NativeModule _terminal_module = {"_terminal", "Keys, size and guard of a terminal.",
                                       functions, NULL};
