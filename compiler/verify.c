/* SPDX-License-Identifier: MIT */
/* Checks that a code object is well formed: what the vm relies on without looking.
 *
 * Registers and constants are in range, names are strings, jumps and handlers lead to the beginning
 * of an instruction, unconditional backward jumps are JUMP_BACK, nothing runs off the end,
 * positions ascend. Debug builds check every code the compiler makes.
 *
 * What an operand means is read from the instruction's meaning in vm/opcodes.def.
 */
#include <stdlib.h>

#include "compiler/unit.h"
#include "common/memory.h"

typedef struct Verifier {
    const Code *code;
    bool *starts; /* per word: an instruction begins there */
} Verifier;

static const char *find_starts(Verifier *v) {
    uint32_t pc = 0;
    while (pc < v->code->size) {
        Instruction i = code_decode(v->code, pc);
        if (i.op >= OP_COUNT) return "unknown opcode";
        v->starts[pc] = true;
        pc += 1u + opcode_info[i.op].extra;
    }
    return pc == v->code->size ? NULL : "truncated instruction";
}

static bool is_start(const Verifier *v, int64_t pc) {
    return pc >= 0 && pc < v->code->size && v->starts[pc];
}

/* ---- registers ---- */

/* How many registers from R[A] on an instruction touches. */
static uint32_t window_of(const Instruction *i) {
    switch (i->op) {
    case OP_CALL:
    case OP_CALL_KW: return i->b + 1;
    case OP_CALL_METHOD:
    case OP_CALL_METHOD_KW: return i->b + 2;
    case OP_UNPACK: return i->c ? i->c : 1;
    case OP_CALL_EX:
    case OP_WITH_EXC_ARGS: return 3;
    case OP_LOAD_METHOD:
    case OP_LOAD_SPECIAL:
    case OP_MAKE_FUNCTION:
    case OP_SEND:
    case OP_YIELD_DELEGATED:
    case OP_EXC_ENTER:
    case OP_FOR_ITER: return 2;
    case OP_GET_ITER_OWNED: return 3;
    default: return 1;
    }
}

static bool b_is_register(const Instruction *i) {
    const char *format = opcode_info[i->op].format;
    if (format[0] != 'A' || format[1] != 'B' || format[2] == 'x') return false;
    return !(i->op >= OP_JLTI && i->op <= OP_JNEI) && i->op != OP_IMPORT_NAME &&
           !(i->op >= OP_CALL && i->op <= OP_CALL_METHOD_KW);
}

static bool c_is_register(const Instruction *i) {
    if (strcmp(opcode_info[i->op].format, "ABC")) return false;
    return strstr(opcode_info[i->op].meaning, "R[C]") != NULL;
}

/* How many registers from R[B] on a building instruction reads. */
static uint32_t items_of(const Instruction *i) {
    switch (i->op) {
    case OP_BUILD_LIST:
    case OP_BUILD_TUPLE:
    case OP_BUILD_SET:
    case OP_BUILD_STRING: return i->c;
    case OP_BUILD_DICT: return i->c * 2;
    case OP_BUILD_SLICE: return 3;
    default: return 1;
    }
}

static const char *check_registers(const Verifier *v, const Instruction *i) {
    uint32_t limit = v->code->nregisters;
    const char *format = opcode_info[i->op].format;
    bool a_unused = i->op == OP_DELETE_FREE || i->op == OP_DELETE_GLOBAL || i->op == OP_DELETE_NAME;
    if (format[0] == 'A' && !a_unused && i->a + window_of(i) > limit)
        return "register A out of range";
    if (b_is_register(i) && items_of(i) && i->b + items_of(i) > limit)
        return "register B out of range";
    if (c_is_register(i) && i->c >= limit) return "register C out of range";
    return NULL;
}

/* ---- constants ---- */

static bool is_name(const Code *code, uint64_t index) {
    return index < code->nconstants && is_str(code->constants[index]);
}

static const char *check_constants(const Verifier *v, uint32_t pc, const Instruction *i) {
    const Code *code = v->code;
    const char *meaning = opcode_info[i->op].meaning;
    bool cell = strstr(meaning, "captured cell Bx") != NULL;
    if (cell && i->bx >= code->ncaptures) return "captured cell out of range";
    if (!cell && strstr(meaning, "K[Bx]")) {
        if (i->bx >= code->nconstants) return "constant out of range";
        if (i->op != OP_LOADK && i->op != OP_MAKE_FUNCTION && !is_name(code, i->bx))
            return "name is no string";
        if (i->op == OP_MAKE_FUNCTION && !is_kind(code->constants[i->bx], OBJ_CODE))
            return "function of no code";
    }
    bool named = (i->op >= OP_LOAD_ATTR && i->op <= OP_LOAD_SPECIAL) || i->op == OP_IMPORT_NAME ||
                 i->op == OP_IMPORT_FROM;
    if (named && !is_name(code, code_extra(code, pc, 0))) return "name is no string";
    if ((i->op == OP_CALL_KW || i->op == OP_CALL_METHOD_KW) &&
        (code_extra(code, pc, 0) >= code->nconstants ||
         !is_kind(code->constants[code_extra(code, pc, 0)], OBJ_TUPLE)))
        return "keyword names are no tuple";
    return NULL;
}

/* ---- control ---- */

static bool ends_block(Opcode op) {
    return op == OP_JUMP || op == OP_JUMP_BACK || op == OP_RETURN || op == OP_RETURN_NONE ||
           op == OP_RAISE || op == OP_RAISE_FROM || op == OP_RERAISE || op == OP_RAISE_AGAIN ||
           op == OP_END_ASYNC_FOR;
}

static const char *check_jump(const Verifier *v, uint32_t pc, const Instruction *i) {
    const char *meaning = opcode_info[i->op].meaning;
    int64_t next = (int64_t)pc + 1 + opcode_info[i->op].extra, jump;
    if (strstr(meaning, "go to J word")) {
        uint64_t word = code_extra(v->code, pc, 0);
        jump = v->code->flags & CODE_WIDE ? (int64_t)word : (int32_t)word;
    } else if (strstr(meaning, "go to")) {
        jump = i->sbx;
    } else {
        return NULL;
    }
    if (!is_start(v, next + jump)) return "jump into nowhere";
    if (jump < 0 && (i->op == OP_JUMP || i->op == OP_FOR_ITER || i->op == OP_SEND))
        return "backward jump without a safepoint";
    return NULL;
}

static const char *check_instructions(const Verifier *v) {
    const char *violation = NULL;
    for (uint32_t pc = 0; pc < v->code->size && !violation;) {
        Instruction i = code_decode(v->code, pc);
        violation = check_registers(v, &i);
        if (!violation) violation = check_constants(v, pc, &i);
        if (!violation) violation = check_jump(v, pc, &i);
        pc += 1u + opcode_info[i.op].extra;
        if (!violation && pc == v->code->size && !ends_block(i.op)) violation = "runs off the end";
    }
    return violation;
}

static const char *check_tables(const Verifier *v) {
    const Code *code = v->code;
    for (uint32_t i = 0; i < code->nhandlers; i++) {
        const Handler *h = &code->handlers[i];
        if (!is_start(v, h->start) || h->start >= h->end || h->end > code->size)
            return "bad protected range";
        if (!is_start(v, h->target)) return "handler into nowhere";
        if (h->exc >= code->nregisters) return "handler register out of range";
        if (h->target >= h->start && h->target < h->end) return "handler protects itself";
    }
    for (uint32_t i = 0; i < code->npositions; i++) {
        if (!is_start(v, code->positions[i].pc)) return "position of no instruction";
        if (i && code->positions[i].pc <= code->positions[i - 1].pc)
            return "positions do not ascend";
    }
    return NULL;
}

const char *verify_code(const Code *code) {
    Verifier v = {.code = code, .starts = calloc(code->size + 1, sizeof(bool))};
    if (!v.starts) memory_exhausted(code->size);
    const char *violation = find_starts(&v);
    if (!violation) violation = check_instructions(&v);
    if (!violation) violation = check_tables(&v);
    free(v.starts);
    return violation;
}
