/* SPDX-License-Identifier: MIT */
/*
 * Calls and returns.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * A called function gets a frame and runs on in this loop; what it returns goes where its
 * frame says (FrameAction). Only natives that call back nest. Read next: vm/frame.h, vm/call.c.
 */

/* clang-format off */

    CASE(CALL) {
        args = &RA;
        callee = *args++;
        argc = (int)B(i);
        goto call;
    }
    CASE(CALL_METHOD) {
        args = &RA;
        callee = *args++;
        argc = (int)B(i) + 1;
        if (UNLIKELY(callee == VALUE_UNSET)) {
            callee = *args++;
            argc--;
        }
    }
call:
    if (LIKELY(is_object(callee))) {
        Object *object = object_of(callee);
        if (LIKELY(object_kind(object) == OBJ_FUNCTION)) {
            Function *function = (Function *)object;
            Code *code = function->code;
            Value *base = t->registers_top;
            int registers = code->nregisters;
            if (LIKELY(!WIDE_CODE && (code->flags & CODE_SIMPLE) && code->positional == argc &&
                       t->depth < vm->recursion_limit && base + registers <= t->registers_end &&
                       t->frames_top != t->frames_end)) {
                t->depth++;
                SAVE();
                Frame *frame = t->frames_top++;
                frame->caller = f;
                frame->registers = base;
                frame->constants = code->constants;
                frame->function = function;
                frame->generator = NULL;
                frame->dest = (uint16_t)A(i);
                frame->action = FRAME_RESULT;
                t->registers_top = base + registers;
                int n = 0;
                for (; n < argc; n++) base[n] = args[n];
                for (; n < registers; n++) base[n] = VALUE_UNSET;
                f = frame;
                t->frame = frame;
                pc = (const Word *)code->words.narrow;
                R = base;
                POLL();
                NEXT();
            }
            if ((code->flags & (CODE_GENERATOR | CODE_COROUTINE)) && code->positional == argc &&
                !code->keyword_only && !(code->flags & (CODE_VARARGS | CODE_VARKW))) {
                SAVE();
                g = generator_new(t, function);
                for (int n = 0; n < argc; n++) g->registers[n] = args[n];
                g->frame.caller = (Frame *)(uintptr_t)pc; /* see GET_ITER_OWNED */
                RA = object_value(g);
                NEXT();
            }
        } else if (object_kind(object) == OBJ_CLASS) {
            Class *cls = (Class *)object;
            Value *base = t->registers_top;
            if (LIKELY(!WIDE_CODE && cls->init_key == cls->key && cls->init_key &&
                       cls->init->code->positional == argc + 1 && t->depth < vm->recursion_limit &&
                       base + cls->init->code->nregisters <= t->registers_end)) {
                /* allocate, and run __init__ with the new object and the arguments */
                Function *function = cls->init;
                int registers = function->code->nregisters, n = 0;
                SAVE();
                Frame *frame = frame_push(t, function, registers);
                if (UNLIKELY(!frame)) goto raise;
                RA = base[0] = object_value(instance_new(t, cls));
                for (; n < argc; n++) base[n + 1] = args[n];
                for (n++; n < registers; n++) base[n] = VALUE_UNSET;
                frame->dest = (uint16_t)A(i);
                frame->action = FRAME_INIT;
                ENTER(frame);
                POLL();
                NEXT();
            }
        } else if (object_kind(object) == OBJ_METHOD) {
            Method *method = (Method *)object;
            if (is_kind(method->function, OBJ_FUNCTION)) {
                /* self and the arguments go where the new frame's registers will be: at the
                 * very end, into the slack */
                Value *base = t->registers_top;
                Code *code = FUNCTION(method->function)->code;
                if (LIKELY((code->flags & CODE_SIMPLE) && code->positional == argc + 1 &&
                           !WIDE_CODE)) {
                    base[0] = method->self;
                    for (int n = 0; n < argc; n++) base[n + 1] = args[n];
                    callee = method->function;
                    args = base;
                    argc++;
                    goto call;
                }
            }
        } else if (object_kind(object) == OBJ_NATIVE) {
            Native *native = (Native *)object;
            if (native->intrinsic == INTRINSIC_SEND) {
                bool bound = native->self != VALUE_UNSET;
                Value self = bound ? native->self : args[0];
                if (argc == 2 - bound && is_generator_kind(self) &&
                    native->owner == object_class(object_of(self))) {
                    g = GENERATOR(self);
                    v = args[argc - 1];
                    goto resume_by_call;
                }
            } else if (native->intrinsic == INTRINSIC_THROW) {
                bool bound = native->self != VALUE_UNSET;
                Value self = bound ? native->self : args[0];
                if (argc == 2 - bound && is_generator_kind(self) &&
                    native->owner == object_class(object_of(self)) &&
                    t->depth < vm->recursion_limit) {
                    g = GENERATOR(self);
                    leaf = generator_throw_directly(t, g, args[argc - 1]);
                    if (LIKELY(leaf)) {
                        dest = A(i);
                        action = FRAME_RESULT;
                        SAVE();
                        goto resume_leaf;
                    }
                }
            } else if (native->intrinsic == INTRINSIC_NEXT && argc == 1 &&
                       is_kind(args[0], OBJ_GENERATOR)) {
                g = GENERATOR(args[0]);
                v = VALUE_NONE;
                goto resume_by_call;
            }
            SAVE();
            if (LIKELY(native->exact == argc && native->self == VALUE_UNSET &&
                       (argc == 0 || native_takes(vm, native, args[0])))) {
                Value *top = t->registers_top;
                v = native->fn(t, args);
                t->registers_top = top;
            } else {
                v = native_call(t, native, args, argc, NULL);
            }
            if (UNLIKELY(v == VALUE_ERROR)) goto raise;
            RA = v;
            POLL_AFTER_NATIVE();
            NEXT();
        }
    }
call_slow:
    kwnames = NULL;
call_general: {
    Value result;
    SAVE();
    CallStart start = call_begin(t, callee, args, argc, kwnames, &result);
    dest = A(i);
    switch (start) {
    case CALL_FAILED: goto raise;
    case CALL_FRAME: action = FRAME_RESULT; goto start_frame;
    case CALL_INIT:
        action = FRAME_INIT;
        RA = result;
        goto start_frame;
    default:
        RA = result;
        if (made_generator(callee, result))
            GENERATOR(result)->frame.caller = (Frame *)(uintptr_t)pc;
        POLL_AFTER_NATIVE();
        NEXT();
    }
}
start_frame: { /* enter the frame on top of the frame stack: its result goes by [action], [dest] */
    Frame *frame = t->frames_top - 1;
    frame->caller = f;
    frame->dest = (uint16_t)dest;
    frame->action = action;
    if (UNLIKELY(!!(frame_code(frame)->flags & CODE_WIDE) != WIDE_CODE)) {
        frame->action |= FRAME_OTHER_WIDTH;
        t->frame = frame;
        return VALUE_SWITCH;
    }
    ENTER(frame);
    POLL();
    NEXT();
}
    CASE(CALL_KW) {
        kwnames = TUPLE(CONSTANT(*pc++));
        args = &RA;
        callee = *args++;
        argc = (int)B(i);
        goto call_general;
    }
    CASE(CALL_METHOD_KW) {
        kwnames = TUPLE(CONSTANT(*pc++));
        args = &RA;
        callee = *args++;
        argc = (int)B(i) + 1;
        if (callee == VALUE_UNSET) {
            callee = *args++;
            argc--;
        }
        goto call_general;
    }
    CASE(CALL_EX) {
        Value *at = &RA;
        CallStart start;
        SAVE();
        v = call_ex(t, at[0], at[1], at[2], &start);
        dest = A(i);
        switch (start) {
        case CALL_FAILED: goto raise;
        case CALL_FRAME: action = FRAME_RESULT; goto start_frame;
        case CALL_INIT:
            action = FRAME_INIT;
            RA = v;
            goto start_frame;
        default: RA = v; NEXT();
        }
    }
    CASE(RETURN_NONE) {
        v = VALUE_NONE;
        goto leave;
    }
    CASE(RETURN) v = RA;
leave: {
    Generator *generator = f->generator;
    Frame *caller = f->caller;
    if (LIKELY(!generator)) {
        t->registers_top = R;
        t->frames_top = f;
        t->depth--;
        if (LIKELY(f->action == FRAME_RESULT)) {
            caller->registers[f->dest] = v;
            ENTER(caller);
            NEXT();
        }
        action = f->action;
        t->frame = caller;
        switch (action & ~FRAME_OTHER_WIDTH) {
        case FRAME_ENTRY: return v;
        case FRAME_INIT:
            if (UNLIKELY(v != VALUE_NONE)) {
                raise_error(t, EXC_TypeError, "__init__() should return None, not '%T'", v);
            }
            break;
        default: caller->registers[f->dest] = v;
        }
        goto back_in_caller;
    }
    generator->state = GEN_CLOSED;
    if (UNLIKELY(generator->handling)) generator_exchange_handling(t, generator);
    if (generator->active_root != generator) { /* on to the parent that delegated to it */
        Generator *parent = generator->parent;
        bool same_width = generator_pop(t, generator, parent);
        t->frame = &parent->frame;
        if (UNLIKELY(!same_width)) {
            generator_finish_delegation(parent, v);
            return VALUE_SWITCH;
        }
        ENTER(&parent->frame);
        i = pc[-1]; /* its SEND */
        RA = VALUE_UNSET;
        recycle_delegate(&vm->heap, generator);
        R[A(i) + 1] = v;
        pc += SBX(i);
        NEXT();
    }
    generator->running = false;
    generator->leaf = generator; /* the last delegate may be collected */
    t->depth--;
    t->frame = caller;
    action = f->action;
    switch (action & ~FRAME_OTHER_WIDTH) {
    case FRAME_ENTRY: t->done_value = v; return VALUE_DONE;
    case FRAME_FOR: frame_branch(caller); break;
    case FRAME_SEND:
        caller->registers[f->dest] = v;
        frame_branch(caller);
        break;
    default: t->done_value = v; raise_stop_iteration(t);
    }
}
back_in_caller: /* t->frame is the caller, [action] of the frame left; an exception may be set */
    if (UNLIKELY(action & FRAME_OTHER_WIDTH)) return VALUE_SWITCH;
    ENTER(t->frame);
    if (UNLIKELY(t->exception != VALUE_UNSET)) goto raise;
    NEXT();
