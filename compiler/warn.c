/* SPDX-License-Identifier: MIT */
/* The way from the warnings of a compilation to the module warnings, which is imported only when
 * there are some.
 *
 * A warning that the program has made an error becomes a SyntaxError at the place it speaks of.
 * Read next: common/notice.h, stdlib/warnings.tul.
 */
#include "compiler/compiler.h"
#include "vm/exception.h"
#include "vm/ops.h"

bool compiler_warn(Thread *t, const Source *source, Diagnostic *error) {
    const NoticeList *list = source->notices;
    for (int i = 0; i < list->count; i++) {
        const Notice *notice = &list->items[i];
        ExceptionId category =
            notice->kind == NOTICE_ESCAPE ? EXC_DeprecationWarning : EXC_SyntaxWarning;
        if (warn_at(t, category, notice->message, source->name, (int)notice->span.line)) continue;
        if (!exception_matches(t, category)) return false;
        exception_take(t);
        diagnostic_set(error, source, "SyntaxError", notice->span, "%s", notice->message);
        return false;
    }
    return true;
}
