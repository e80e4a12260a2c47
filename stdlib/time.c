/* SPDX-License-Identifier: MIT */
/*
 * The module time. All of it asks the clock of vm/clock.h, so under --virtual-time sleep() jumps
 * and time() starts at a fixed moment, in UTC.
 *
 * Read next: vm/clock.h.
 */
#include <errno.h>
#include <math.h>
#include <time.h>

#include "stdlib/import.h"
#include "stdlib/record.h"
#include "stdlib/stdlib.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Clock *clock_of(Thread *t) { return &t->vm->clock; }

static Value seconds(Thread *t, int64_t ns) { return float_new(t, clock_to_seconds(ns)); }

/* ---- clocks ---- */

static Value time_time(Thread *t, Value *args) {
    (void)args;
    return seconds(t, clock_wall(clock_of(t)));
}

static Value time_ns(Thread *t, Value *args) {
    (void)args;
    return int_from_int64(t, clock_wall(clock_of(t)));
}

static Value monotonic(Thread *t, Value *args) {
    (void)args;
    return seconds(t, clock_monotonic(clock_of(t)));
}

static Value monotonic_ns(Thread *t, Value *args) {
    (void)args;
    return int_from_int64(t, clock_monotonic(clock_of(t)));
}

/* CPU time of the process; computing costs no virtual time. */
static int64_t process_ns(Thread *t) {
    if (clock_of(t)->is_virtual) return 0;
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * CLOCK_SECOND + now.tv_nsec;
}

static Value process_time(Thread *t, Value *args) {
    (void)args;
    return seconds(t, process_ns(t));
}

static Value process_time_ns(Thread *t, Value *args) {
    (void)args;
    return int_from_int64(t, process_ns(t));
}

static Value time_sleep(Thread *t, Value *args) {
    double delay;
    if (!arg_double(t, args[0], &delay)) return VALUE_ERROR;
    if (isnan(delay)) return raise_error(t, EXC_ValueError, "Invalid value NaN (not a number)");
    if (delay < 0) return raise_error(t, EXC_ValueError, "sleep length must be non-negative");
    int64_t deadline = clock_monotonic(clock_of(t)) + clock_from_seconds(delay);
    return thread_sleep_until(t, deadline) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- broken-down time ---- */

static const char *const struct_time_fields[] = {"tm_year",  "tm_mon", "tm_mday", "tm_hour",
                                                 "tm_min",   "tm_sec", "tm_wday", "tm_yday",
                                                 "tm_isdst", NULL};

static Value struct_time_new(Thread *t, const struct tm *tm) {
    Value items[9] = {fixnum(tm->tm_year + 1900),    fixnum(tm->tm_mon + 1),  fixnum(tm->tm_mday),
                      fixnum(tm->tm_hour),           fixnum(tm->tm_min),      fixnum(tm->tm_sec),
                      fixnum((tm->tm_wday + 6) % 7), fixnum(tm->tm_yday + 1), fixnum(tm->tm_isdst)};
    return record_new(t, stdlib_of(t)->classes[CLASS_STRUCT_TIME], items, 9);
}

/* [v] (None: now) as seconds since 1970. */
static bool moment(Thread *t, Value v, time_t *out) {
    if (v == VALUE_NONE) {
        *out = (time_t)(clock_wall(clock_of(t)) / CLOCK_SECOND);
        return true;
    }
    double d;
    if (!arg_double(t, v, &d)) return false;
    *out = (time_t)floor(d);
    return true;
}

static void break_down(Thread *t, time_t when, bool utc, struct tm *out) {
    if (utc || clock_of(t)->is_virtual) gmtime_r(&when, out);
    else localtime_r(&when, out);
}

static Value broken_down(Thread *t, Value v, bool utc) {
    time_t when;
    struct tm tm;
    if (!moment(t, v, &when)) return VALUE_ERROR;
    break_down(t, when, utc, &tm);
    return struct_time_new(t, &tm);
}

static Value time_gmtime(Thread *t, Value *args) { return broken_down(t, args[0], true); }
static Value time_localtime(Thread *t, Value *args) { return broken_down(t, args[0], false); }

/* A struct_time or tuple of nine ints; VALUE_NONE: the local time now. */
static bool read_struct_time(Thread *t, Value v, const char *function, struct tm *out) {
    memset(out, 0, sizeof *out);
    if (v == VALUE_NONE) {
        break_down(t, (time_t)(clock_wall(clock_of(t)) / CLOCK_SECOND), false, out);
        return true;
    }
    if (!is_kind(v, OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError, "Tuple or struct_time argument required");
        return false;
    }
    if (TUPLE(v)->size != 9) {
        raise_error(t, EXC_TypeError, "%s(): illegal time tuple argument", function);
        return false;
    }
    int64_t n[9];
    for (int i = 0; i < 9; i++) {
        if (!arg_int64(t, TUPLE(v)->items[i], &n[i])) return false;
    }
    *out = (struct tm){.tm_year = (int)n[0] - 1900,
                       .tm_mon = (int)n[1] - 1,
                       .tm_mday = (int)n[2],
                       .tm_hour = (int)n[3],
                       .tm_min = (int)n[4],
                       .tm_sec = (int)n[5],
                       .tm_wday = ((int)n[6] + 1) % 7,
                       .tm_yday = (int)n[7] - 1,
                       .tm_isdst = (int)n[8]};
    return true;
}

/* Are the fields in range? What may be 0 in a tuple that is not complete counts as 1. */
static bool check_fields(Thread *t, struct tm *tm) {
    if (tm->tm_mon == -1) tm->tm_mon = 0;
    if (tm->tm_mday == 0) tm->tm_mday = 1;
    if (tm->tm_yday == -1) tm->tm_yday = 0;
    const char *wrong = NULL;
    if (tm->tm_mon < 0 || tm->tm_mon > 11) wrong = "month";
    else if (tm->tm_mday < 0 || tm->tm_mday > 31) wrong = "day of month";
    else if (tm->tm_hour < 0 || tm->tm_hour > 23) wrong = "hour";
    else if (tm->tm_min < 0 || tm->tm_min > 59) wrong = "minute";
    else if (tm->tm_sec < 0 || tm->tm_sec > 61) wrong = "seconds";
    else if (tm->tm_wday < 0) wrong = "day of week";
    else if (tm->tm_yday < 0 || tm->tm_yday > 365) wrong = "day of year";
    if (wrong) raise_error(t, EXC_ValueError, "%s out of range", wrong);
    return !wrong;
}

static Value time_strftime(Thread *t, Value *args) {
    Str *format;
    struct tm tm;
    if (!arg_str(t, args[0], "strftime() argument 1", &format)) return VALUE_ERROR;
    if (!read_struct_time(t, args[1], "strftime", &tm) || !check_fields(t, &tm)) return VALUE_ERROR;
    char text[2048];
    size_t size = strftime(text, sizeof text, format->data, &tm);
    return object_value(str_new(t, text, size));
}

static Value time_mktime(Thread *t, Value *args) {
    struct tm tm;
    if (!read_struct_time(t, args[0], "mktime", &tm)) return VALUE_ERROR;
    return float_new(t, (double)(clock_of(t)->is_virtual ? timegm(&tm) : mktime(&tm)));
}

static Value as_text(Thread *t, const struct tm *tm) {
    char text[64];
    size_t size = strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", tm);
    return object_value(str_new(t, text, size));
}

static Value time_asctime(Thread *t, Value *args) {
    struct tm tm;
    bool good = read_struct_time(t, args[0], "asctime", &tm) && check_fields(t, &tm);
    return good ? as_text(t, &tm) : VALUE_ERROR;
}

static Value time_ctime(Thread *t, Value *args) {
    time_t when;
    struct tm tm;
    if (!moment(t, args[0], &when)) return VALUE_ERROR;
    break_down(t, when, false, &tm);
    return as_text(t, &tm);
}

static Value time_strptime(Thread *t, Value *args) {
    Value *roots = push_roots(t, 1);
    roots[0] = import_module(t, str_intern(t->vm, "_strptime", 9));
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    return call_method(t, roots[0], str_intern(t->vm, "strptime", 8), args, 2);
}

/* Seconds west of Greenwich, and the name of the zone, at the moment [when]. */
static int64_t zone_at(Thread *t, time_t when, Value *name) {
    struct tm local;
    localtime_r(&when, &local);
    *name = object_value(str_from(t, local.tm_zone));
    return -local.tm_gmtoff;
}

/* The names that describe the zone of local clocks, in winter and in summer. */
static void install_zone(Thread *t, Module *module) {
    tzset();
    const time_t year = 31557600;
    time_t winter = time(NULL) / year * year;
    Value names[2], swapped;
    int64_t standard = zone_at(t, winter, &names[0]);
    int64_t other = zone_at(t, winter + year / 2, &names[1]);
    if (clock_of(t)->is_virtual) {
        standard = other = 0;
    } else if (standard < other) { /* the south */
        int64_t summer = standard;
        standard = other;
        other = summer;
        swapped = names[0];
        names[0] = names[1];
        names[1] = swapped;
    }
    module_set(t, module, "tzname", object_value(tuple_from(t, names, 2)));
    module_set(t, module, "timezone", fixnum(standard));
    module_set(t, module, "altzone", fixnum(other));
    module_set(t, module, "daylight", fixnum(standard != other));
}

static Value time_tzset(Thread *t, Value *args) {
    (void)args;
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "time", 4));
    if (is_kind(module, OBJ_MODULE)) install_zone(t, MODULE(module));
    return VALUE_NONE;
}

static const NativeDef functions[] = {
    {"tzset", time_tzset, "()", "Look again at the environment variable TZ."},
    {"time", time_time, "()", "Seconds since 1970-01-01 00:00 UTC."},
    {"time_ns", time_ns, "()", "The same in nanoseconds."},
    {"monotonic", monotonic, "()", "Seconds on a clock that never goes back."},
    {"monotonic_ns", monotonic_ns, "()", "The same in nanoseconds."},
    {"perf_counter", monotonic, "()", "Seconds on the clock for measuring."},
    {"perf_counter_ns", monotonic_ns, "()", "The same in nanoseconds."},
    {"process_time", process_time, "()", "CPU seconds of this process (0 under virtual time)."},
    {"process_time_ns", process_time_ns, "()", "The same in nanoseconds."},
    {"sleep", time_sleep, "(seconds, /)", "Wait."},
    {"gmtime", time_gmtime, "(seconds=None, /)", "Broken-down time in UTC."},
    {"localtime", time_localtime, "(seconds=None, /)", "Broken-down local time."},
    {"strftime", time_strftime, "(format, tuple=None, /)", "A time as text."},
    {"strptime", time_strptime, "(string, format='%a %b %d %H:%M:%S %Y', /)",
     "The broken-down time that a text says."},
    {"mktime", time_mktime, "(tuple, /)", "Seconds since 1970 of a local time."},
    {"asctime", time_asctime, "(tuple=None, /)", "A time as 'Sun Jun 20 23:21:05 1993'."},
    {"ctime", time_ctime, "(seconds=None, /)", "Seconds since 1970 as local time text."},
    {0},
};

static bool init(Thread *t, Module *module) {
    Class *cls = record_class(t, "time", "struct_time", "time.struct_time", struct_time_fields);
    if (!cls) return false;
    stdlib_of(t)->classes[CLASS_STRUCT_TIME] = cls;
    module_set(t, module, "struct_time", object_value(cls));
    install_zone(t, module);
    return true;
}

const NativeModule time_module = {"time", "Time: clocks, waiting, dates as text.", functions, init};
