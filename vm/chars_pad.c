/* SPDX-License-Identifier: MIT */
/*
 * The shared methods that lay text out in a width: center, ljust, rjust, zfill, expandtabs; and
 * repetition. Sizes chosen by the program are checked before they are asked of the heap. Read next:
 * vm/chars_case.c.
 */
#include "vm/chars.h"
#include "vm/ops.h"

/* ---- padding ---- */

/* [self] with [left] and [right] copies of the character [fill] around it. */
static Value pad(Thread *t, Value self, size_t left, size_t right, Chars fill) {
    if (!left && !right) return chars_same(t, self);
    Chars text = chars_of(self);
    size_t count = left + right;
    if (count > (PTRDIFF_MAX - text.size) / fill.size)
        return raise_with(t, EXC_MemoryError, VALUE_UNSET);
    char *out;
    Value padded =
        chars_allocate(t, self, text.size + count * fill.size, chars_length(self) + count, &out);
    if (!padded) return VALUE_ERROR;
    text = chars_of(self);
    for (size_t i = 0; i < left; i++) out = (char *)memcpy(out, fill.data, fill.size) + fill.size;
    out = (char *)memcpy(out, text.data, text.size) + text.size;
    for (size_t i = 0; i < right; i++) out = (char *)memcpy(out, fill.data, fill.size) + fill.size;
    return padded;
}

/* The fill character argument; [method] is for the message. */
static bool fill_argument(Thread *t, Value self, Value v, const char *method, Chars *out) {
    *out = (Chars){" ", 1};
    if (v == VALUE_UNSET) return true;
    if (is_str(self)) {
        if (!is_str(v)) {
            raise_error(t, EXC_TypeError, "The fill character must be a unicode character, not %T",
                        v);
            return false;
        }
        *out = chars_of(v);
        if (STR(v)->length == 1) return true;
        raise_error(t, EXC_TypeError, "The fill character must be exactly one character long");
        return false;
    }
    bool ok = is_kind(v, OBJ_BYTES) || is_kind(v, OBJ_BYTEARRAY);
    if (ok) *out = chars_of(v);
    if (ok && out->size == 1) return true;
    raise_error(t, EXC_TypeError, "%s() argument 2 must be a byte string of length 1, not %T",
                method, v);
    return false;
}

/* How many characters [self] lacks to the width in args[1], and the fill; false: raised. */
static bool missing(Thread *t, Value *args, const char *method, size_t *out, Chars *fill) {
    int64_t width;
    if (!arg_int64(t, args[1], &width)) return false;
    if (!fill_argument(t, args[0], args[2], method, fill)) return false;
    int64_t length = (int64_t)chars_length(args[0]);
    *out = width > length ? (size_t)(width - length) : 0;
    return true;
}

Value chars_method_ljust(Thread *t, Value *args) {
    size_t lacks;
    Chars fill;
    return missing(t, args, "ljust", &lacks, &fill) ? pad(t, args[0], 0, lacks, fill) : VALUE_ERROR;
}

Value chars_method_rjust(Thread *t, Value *args) {
    size_t lacks;
    Chars fill;
    return missing(t, args, "rjust", &lacks, &fill) ? pad(t, args[0], lacks, 0, fill) : VALUE_ERROR;
}

Value chars_method_center(Thread *t, Value *args) {
    size_t lacks;
    Chars fill;
    if (!missing(t, args, "center", &lacks, &fill)) return VALUE_ERROR;
    size_t width = lacks + chars_length(args[0]);
    size_t left = lacks / 2 + (lacks & width & 1);
    return pad(t, args[0], left, lacks - left, fill);
}

Value chars_method_zfill(Thread *t, Value *args) {
    int64_t width;
    if (!arg_int64(t, args[1], &width)) return VALUE_ERROR;
    int64_t length = (int64_t)chars_length(args[0]);
    if (width <= length) return chars_same(t, args[0]);
    Value filled = pad(t, args[0], (size_t)(width - length), 0, (Chars){"0", 1});
    if (!filled) return VALUE_ERROR;
    char *data = (char *)chars_of(filled).data, *digits = data + (width - length);
    if (length && (*digits == '+' || *digits == '-')) {
        *data = *digits;
        *digits = '0';
    }
    return filled;
}

/* ---- tabs ---- */

Value chars_method_expandtabs(Thread *t, Value *args) {
    int64_t tab;
    if (!arg_int64(t, args[1], &tab)) return VALUE_ERROR;
    Chars text = chars_of(args[0]);
    Buffer out = {0};
    int64_t column = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '\t') {
            int64_t spaces = tab > 0 ? tab - column % tab : 0;
            if (!str_memory_fits(t, out.size + (size_t)spaces)) {
                buffer_free(&out);
                return VALUE_ERROR;
            }
            memset(buffer_reserve(&out, (size_t)spaces), ' ', (size_t)spaces);
            out.size += (size_t)spaces;
            column += spaces;
            continue;
        }
        buffer_putc(&out, c);
        bool inside = is_str(args[0]) && ((uint8_t)c & 0xC0) == 0x80;
        column = c == '\n' || c == '\r' ? 0 : column + !inside;
    }
    Value expanded = chars_new(t, args[0], out.data ? out.data : "", out.size);
    buffer_free(&out);
    return expanded;
}

/* ---- repetition ---- */

Value chars_repeat(Thread *t, Value self, Value count) {
    if (!is_int(count) && !class_of(t->vm, count)->slots.index) {
        return raise_error(t, EXC_TypeError, "can't multiply sequence by non-int of type '%T'",
                           count);
    }
    int64_t times, clamped;
    if (!arg_clamped(t, count, &clamped)) return VALUE_ERROR;
    if ((clamped == INT64_MAX || clamped == INT64_MIN) && !arg_int64(t, count, &times)) {
        return exception_matches(t, EXC_OverflowError)
                   ? (exception_take(t),
                      raise_error(t, EXC_OverflowError,
                                  "cannot fit '%T' into an index-sized integer", count))
                   : VALUE_ERROR;
    }
    Chars text = chars_of(self);
    size_t n = clamped > 0 ? (size_t)clamped : 0;
    if (n == 1) return chars_same(t, self);
    if (n && text.size > PTRDIFF_MAX / n) {
        if (is_kind(self, OBJ_BYTEARRAY)) return raise_with(t, EXC_MemoryError, VALUE_UNSET);
        return raise_error(t, EXC_OverflowError, "repeated %s too long",
                           is_str(self) ? "string is" : "bytes are");
    }
    if (!n || !text.size) return chars_new(t, self, "", 0);
    char *out;
    Value repeated = chars_allocate(t, self, text.size * n, chars_length(self) * n, &out);
    if (!repeated) return VALUE_ERROR;
    if (text.size == 1) {
        memset(out, text.data[0], n);
        return repeated;
    }
    size_t total = text.size * n, done = text.size;
    memcpy(out, text.data, text.size);
    while (done < total) {
        size_t step = done < total - done ? done : total - done;
        memcpy(out + done, out, step);
        done += step;
    }
    return repeated;
}
