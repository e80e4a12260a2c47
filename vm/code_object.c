/* SPDX-License-Identifier: MIT */
/*
 * Code objects as a program sees them: the co_… fields, equality, and copies by replace().
 *
 * co_names and co_consts are read from the instructions, in the order in which they first name
 * something: the constants of a Code hold names and values together, and small ints are in the
 * instructions themselves. Two codes are equal when everything but their files is the same.
 *
 * Read next: vm/code.h (what the compiler makes), vm/code.c.
 */
#include <math.h>
#include <stdio.h>

#include "vm/code.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Code *code_of(Value v) { return (Code *)object_of(v); }

static Value str_tuple(Thread *t, Str *const *strs, size_t count) {
    size_t used = 0;
    for (size_t i = 0; i < count; i++) used += strs[i] != NULL;
    Tuple *tuple = tuple_new(t, used);
    used = 0;
    for (size_t i = 0; i < count; i++) {
        if (strs[i]) tuple->items[used++] = object_value(strs[i]);
    }
    return object_value(tuple);
}

static Value code_repr(Thread *t, Value self) {
    Code *c = code_of(self);
    char id[32];
    snprintf(id, sizeof id, "0x%llx", (unsigned long long)value_id(t->vm, self));
    return object_value(str_format(t, "<code object %S at %s, file \"%S\", line %u>",
                                   object_value(c->name), id, object_value(c->filename),
                                   c->first_line));
}

/* The bits of co_flags as CPython has them. */
static Value code_flags(Thread *t, Value self) {
    (void)t;
    static const struct {
        uint32_t flag;
        int bit;
    } rows[] = {
        {CODE_VARARGS, 0x04},          {CODE_VARKW, 0x08},     {CODE_NESTED, 0x10},
        {CODE_GENERATOR, 0x20},        {CODE_COROUTINE, 0x80}, {CODE_ITERABLE_COROUTINE, 0x100},
        {CODE_ASYNC_GENERATOR, 0x200},
    };
    uint32_t flags = code_of(self)->flags;
    int64_t bits = flags & (CODE_MODULE | CODE_CLASS_BODY | CODE_NAME_MODE) ? 0 : 3;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (flags & rows[i].flag) bits |= rows[i].bit;
    }
    return fixnum(bits);
}

static Value code_name(Thread *t, Value self) {
    (void)t;
    return object_value(code_of(self)->name);
}
static Value code_qualname(Thread *t, Value self) {
    (void)t;
    return object_value(code_of(self)->qualname);
}
static Value code_filename(Thread *t, Value self) {
    (void)t;
    return object_value(code_of(self)->filename);
}
static Value code_first_line(Thread *t, Value self) {
    (void)t;
    return fixnum(code_of(self)->first_line);
}
static Value code_argcount(Thread *t, Value self) {
    (void)t;
    return fixnum(code_of(self)->positional);
}
static Value code_posonly(Thread *t, Value self) {
    (void)t;
    return fixnum(code_of(self)->positional_only);
}
static Value code_kwonly(Thread *t, Value self) {
    (void)t;
    return fixnum(code_of(self)->keyword_only);
}
static Value code_stacksize(Thread *t, Value self) {
    (void)t;
    return fixnum(code_of(self)->nregisters);
}
/* Is local [i] only a cell? A parameter is a variable besides. */
static bool is_only_cell(const Code *c, uint32_t i) {
    for (uint32_t k = 0; i >= c->parameters && k < c->ncells; k++)
        if (c->register_names[i] && str_equal(c->cell_names[k], c->register_names[i])) return true;
    return false;
}

static Value code_varnames(Thread *t, Value self) {
    const Code *c = code_of(self);
    List *names = list_new(t, c->nregister_names);
    for (uint32_t i = 0; i < c->nregister_names; i++) {
        if (c->register_names[i] && !is_only_cell(c, i))
            list_append(t, names, object_value(c->register_names[i]));
    }
    return object_value(tuple_from(t, names->items, names->size));
}
static Value code_nlocals(Thread *t, Value self) {
    return fixnum((int64_t)TUPLE(code_varnames(t, self))->size);
}
static Value code_freevars(Thread *t, Value self) {
    return str_tuple(t, code_of(self)->capture_names, code_of(self)->ncaptures);
}
static Value code_cellvars(Thread *t, Value self) {
    return str_tuple(t, code_of(self)->cell_names, code_of(self)->ncells);
}
/* The name that the instruction at [pc] refers to by a constant, or VALUE_UNSET. */
static Value name_at(const Code *code, uint32_t pc, Instruction i) {
    switch (i.op) {
    case OP_LOAD_GLOBAL:
    case OP_STORE_GLOBAL:
    case OP_DELETE_GLOBAL:
    case OP_LOAD_NAME:
    case OP_STORE_NAME:
    case OP_DELETE_NAME:
    case OP_LOAD_NAME_OR_FREE: return code->constants[i.bx];
    case OP_LOAD_ATTR:
    case OP_STORE_ATTR:
    case OP_DELETE_ATTR:
    case OP_LOAD_METHOD:
    case OP_IMPORT_NAME:
    case OP_IMPORT_FROM: return code->constants[code_extra(code, pc, 0)];
    default: return VALUE_UNSET;
    }
}

/* Globals, attributes and modules in the order in which the code first names them. */
static Value code_names(Thread *t, Value self) {
    const Code *c = code_of(self);
    Dict *names = dict_new(t);
    for (uint32_t pc = 0; pc < c->size;) {
        Instruction i = code_decode(c, pc);
        Value name = name_at(c, pc, i);
        if (name != VALUE_UNSET && is_str(name)) dict_set_str(t, names, STR(name), VALUE_NONE);
        pc += 1 + opcode_info[i.op].extra;
    }
    Tuple *made = tuple_from_iterable(t, object_value(names));
    return made ? object_value(made) : VALUE_ERROR;
}

/* ---- constants ---- */

static bool same_items(Thread *t, const Value *a, const Value *b, size_t count);
static bool same_code(Thread *t, const Code *a, const Code *b);

/* Are two constants of compiled code the same, type and sign of zero included? */
static bool same_constant(Thread *t, Value a, Value b) {
    if (a == b) return true;
    if (a == VALUE_UNSET || b == VALUE_UNSET || class_of(t->vm, a) != class_of(t->vm, b))
        return false;
    if (is_kind(a, OBJ_CODE)) return same_code(t, code_of(a), code_of(b));
    if (is_kind(a, OBJ_TUPLE))
        return TUPLE(a)->size == TUPLE(b)->size &&
               same_items(t, TUPLE(a)->items, TUPLE(b)->items, TUPLE(a)->size);
    if (is_float(a) && signbit(float_of(a)) != signbit(float_of(b))) return false;
    return value_equal(t, a, b) == 1;
}

static bool same_items(Thread *t, const Value *a, const Value *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!same_constant(t, a[i], b[i])) return false;
    return true;
}

static void add_constant(Thread *t, List *constants, Value v) {
    for (size_t i = 0; i < constants->size; i++)
        if (same_constant(t, constants->items[i], v)) return;
    list_append(t, constants, v);
}

/* The value that the instruction at [pc] has in it, or VALUE_UNSET. */
static Value constant_of(const Code *code, Instruction i) {
    switch (i.op) {
    case OP_LOADK:
    case OP_MAKE_FUNCTION: return code->constants[i.bx];
    case OP_LOADI:
    case OP_IADDI: return fixnum(i.sbx);
    case OP_LOAD_NONE:
    case OP_RETURN_NONE: return VALUE_NONE;
    case OP_LOAD_TRUE: return VALUE_TRUE;
    case OP_LOAD_FALSE: return VALUE_FALSE;
    case OP_ADDI:
    case OP_SUBI:
    case OP_MULI:
    case OP_MODI:
    case OP_FLOORDIVI: return fixnum(i.sc);
    case OP_JLTI:
    case OP_JLEI:
    case OP_JGTI:
    case OP_JGEI:
    case OP_JEQI:
    case OP_JNEI: return fixnum(code->flags & CODE_WIDE ? (int16_t)i.b : (int8_t)i.b);
    default: return VALUE_UNSET;
    }
}

/* The docstring of a function, or None, and the constants in the order in which code has them. */
static Value code_consts(Thread *t, Value self) {
    const Code *c = code_of(self);
    List *constants = list_new(t, c->nconstants + 1);
    if (!(c->flags & (CODE_MODULE | CODE_CLASS_BODY | CODE_NAME_MODE)))
        list_append(t, constants, c->doc);
    for (uint32_t pc = 0; pc < c->size;) {
        Instruction i = code_decode(c, pc);
        Value v = constant_of(c, i);
        if (v != VALUE_UNSET) add_constant(t, constants, v);
        pc += 1 + opcode_info[i.op].extra;
    }
    return object_value(tuple_from(t, constants->items, constants->size));
}

static Value code_code(Thread *t, Value self) {
    Code *c = code_of(self);
    size_t word = c->flags & CODE_WIDE ? 8 : 4;
    return object_value(bytes_new(t, c->words.narrow, c->size * word));
}

/* (start, end, line) for every run of instructions with one line. */
static Value code_lines(Thread *t, Value *args) {
    Code *c = code_of(args[0]);
    List *lines = list_new(t, c->npositions);
    for (uint32_t i = 0; i < c->npositions; i++) {
        uint32_t end = i + 1 < c->npositions ? c->positions[i + 1].pc : c->size;
        Value items[] = {fixnum(c->positions[i].pc), fixnum(end), fixnum(c->positions[i].line)};
        list_append(t, lines, object_value(tuple_from(t, items, 3)));
    }
    return value_iter(t, object_value(lines));
}

static Value position_number(uint32_t n, uint32_t unknown) {
    return n == unknown ? VALUE_NONE : fixnum(n);
}

/* (line, end line, column, end column) for every run of instructions from one expression. */
static Value code_positions(Thread *t, Value *args) {
    Code *c = code_of(args[0]);
    List *positions = list_new(t, c->npositions);
    for (uint32_t i = 0; i < c->npositions; i++) {
        const CodePosition *p = &c->positions[i];
        Value items[] = {fixnum(p->line), fixnum(p->end_line), position_number(p->column, 65535),
                         position_number(p->end_column, 65535)};
        list_append(t, positions, object_value(tuple_from(t, items, 4)));
    }
    return value_iter(t, object_value(positions));
}

/* ---- equality ---- */

static bool same_names(Str *const *a, Str *const *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (a[i] != b[i] && (!a[i] || !b[i] || !str_equal(a[i], b[i]))) return false;
    }
    return true;
}

/* Extra words are left out: some are caches, and the others follow from positions and constants. */
static bool same_instructions(const Code *a, const Code *b) {
    for (uint32_t pc = 0; pc < a->size;) {
        Instruction x = code_decode(a, pc), y = code_decode(b, pc);
        if (x.op != y.op || x.a != y.a || x.bx != y.bx) return false;
        pc += 1 + opcode_info[x.op].extra;
    }
    return true;
}

static bool same_positions(const Code *a, const Code *b) {
    for (uint32_t i = 0; i < a->npositions; i++) {
        const CodePosition *x = &a->positions[i], *y = &b->positions[i];
        if (x->pc != y->pc || x->line != y->line || x->end_line != y->end_line ||
            x->column != y->column || x->end_column != y->end_column)
            return false;
    }
    return true;
}

/* Everything but the file name. */
static bool same_code(Thread *t, const Code *a, const Code *b) {
    bool same = a->flags == b->flags && a->positional == b->positional &&
                a->positional_only == b->positional_only && a->keyword_only == b->keyword_only &&
                a->first_line == b->first_line && a->size == b->size &&
                a->nconstants == b->nconstants && a->npositions == b->npositions &&
                a->nregister_names == b->nregister_names && a->ncaptures == b->ncaptures &&
                a->ncells == b->ncells;
    return same && str_equal(a->name, b->name) && str_equal(a->qualname, b->qualname) &&
           same_names(a->register_names, b->register_names, a->nregister_names) &&
           same_names(a->capture_names, b->capture_names, a->ncaptures) &&
           same_names(a->cell_names, b->cell_names, a->ncells) && same_instructions(a, b) &&
           same_positions(a, b) && same_items(t, a->constants, b->constants, a->nconstants);
}

static Value code_compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_CODE) || (op != COMPARE_EQ && op != COMPARE_NE))
        return VALUE_NOTIMPLEMENTED;
    return bool_value(same_code(t, code_of(a), code_of(b)) == (op == COMPARE_EQ));
}

static bool code_hash(Thread *t, Value self, int64_t *out) {
    const Code *c = code_of(self);
    int64_t name;
    if (!value_hash(t, object_value(c->name), &name)) return false;
    *out = name ^ ((int64_t)c->first_line << 20) ^ ((int64_t)c->size << 8) ^ c->nconstants;
    if (*out == -1) *out = -2;
    return true;
}

/* ---- replace ---- */

/* A str that [*place] becomes. */
static bool replace_text(Thread *t, Value given, const char *name, Str **place) {
    if (given == VALUE_UNSET) return true;
    if (!is_str(given)) {
        raise_error(t, EXC_TypeError, "replace() argument '%s' must be str, not %N", name, given);
        return false;
    }
    *place = str_intern_value(t->vm, STR(given));
    return true;
}

/* A count, which follows from the code's text: it may be named, but not changed. */
static bool keep_count(Thread *t, Value given, const char *name, int64_t now) {
    int64_t count;
    if (given == VALUE_UNSET) return true;
    if (!arg_int32(t, given, &count)) return false;
    if (count == now) return true;
    raise_error(t, EXC_ValueError,
                count < 0 ? "%s must be a positive integer" : "%s of compiled code is fixed", name);
    return false;
}

static bool move_lines(Thread *t, Value given, Code *code) {
    int64_t line;
    if (given == VALUE_UNSET) return true;
    if (!arg_int32(t, given, &line)) return false;
    if (line < 0) {
        raise_error(t, EXC_ValueError, "co_firstlineno must be a positive integer");
        return false;
    }
    uint32_t by = (uint32_t)line - code->first_line;
    code->first_line = (uint32_t)line;
    for (uint32_t i = 0; i < code->npositions; i++) {
        code->positions[i].line += by;
        code->positions[i].end_line += by;
    }
    return true;
}

static Value code_replace(Thread *t, Value *args) {
    const Code *from = code_of(args[0]);
    Code *code = code_copy(t, from);
    bool ok = replace_text(t, args[1], "co_name", &code->name) &&
              replace_text(t, args[2], "co_qualname", &code->qualname) &&
              replace_text(t, args[3], "co_filename", &code->filename) &&
              move_lines(t, args[4], code) &&
              keep_count(t, args[5], "co_argcount", from->positional) &&
              keep_count(t, args[6], "co_posonlyargcount", from->positional_only) &&
              keep_count(t, args[7], "co_kwonlyargcount", from->keyword_only) &&
              keep_count(t, args[8], "co_flags", fixnum_of(code_flags(t, args[0])));
    return ok ? object_value(code) : VALUE_ERROR;
}

static const Slots code_slots = {.repr = code_repr, .compare = code_compare, .hash = code_hash};
static const NativeDef code_methods[] = {
    {"co_lines", code_lines, "(self, /)", NULL},
    {"replace", code_replace,
     "(self, /, *, co_name=?, co_qualname=?, co_filename=?, co_firstlineno=?, co_argcount=?, "
     "co_posonlyargcount=?, co_kwonlyargcount=?, co_flags=?)",
     "A copy with other names, another file or first line. What follows from the compiled text "
     "cannot be changed."},
    {"co_positions", code_positions, "(self, /)", NULL},
    {NULL, NULL, NULL, NULL},
};
static const FieldDef code_fields[] = {
    {"co_name", code_name, NULL, NULL},
    {"co_qualname", code_qualname, NULL, NULL},
    {"co_filename", code_filename, NULL, NULL},
    {"co_firstlineno", code_first_line, NULL, NULL},
    {"co_argcount", code_argcount, NULL, NULL},
    {"co_posonlyargcount", code_posonly, NULL, NULL},
    {"co_kwonlyargcount", code_kwonly, NULL, NULL},
    {"co_nlocals", code_nlocals, NULL, NULL},
    {"co_stacksize", code_stacksize, NULL, NULL},
    {"co_flags", code_flags, NULL, NULL},
    {"co_varnames", code_varnames, NULL, NULL},
    {"co_freevars", code_freevars, NULL, NULL},
    {"co_cellvars", code_cellvars, NULL, NULL},
    {"co_consts", code_consts, NULL, NULL},
    {"co_names", code_names, NULL, NULL},
    {"co_code", code_code, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass code_class = {
    .kind = OBJ_CODE, .slots = &code_slots, .methods = code_methods, .fields = code_fields};

/* Complete the class of code objects. */
void code_object_init(Thread *t) { native_class_init(t, &code_class); }
