/* SPDX-License-Identifier: MIT */
/*
 * Resuming, yielding, delegating and awaiting.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * One instruction, SEND, is `yield from` and `await`: it links the delegate below its delegator;
 * from then on the innermost is resumed directly. Read next: vm/generator.h, vm/delegation.c.
 */

/* clang-format off */

resume_by_call:
    dest = A(i);
    action = FRAME_RESULT;
resume: /* resume g with v: what it yields goes to R[dest] of this frame */
    leaf = g->leaf;
    SAVE();
    if (UNLIKELY(t->depth >= vm->recursion_limit) && g->state != GEN_CLOSED &&
        !generator_is_running(g)) {
        generator_abandon(g);
        raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded");
        goto raise;
    }
    if (LIKELY(leaf && !g->running && leaf->state == GEN_SUSPENDED && !g->parent)) {
        leaf->registers[leaf->frame.resume] = v;
    } else {
        leaf = generator_prepare(t, g, v);
        if (UNLIKELY(!leaf)) { /* closed already, or may not be resumed */
            if (t->exception != VALUE_UNSET) goto raise;
            if (action == FRAME_RESULT) {
                t->done_value = VALUE_NONE;
                raise_stop_iteration(t);
                goto raise;
            }
            if (action == FRAME_SEND) R[dest] = VALUE_NONE;
            pc += SBX(i);
            NEXT();
        }
    }
resume_leaf: /* of g: with the value it has been given, or with an exception */
    t->depth++;
    leaf->frame.caller = f;
    leaf->frame.dest = (uint16_t)dest;
    leaf->frame.action = action;
    leaf->active_root = g;
    g->running = true;
    if (UNLIKELY(vm->heap.marking) && leaf->epoch != vm->heap.epoch)
        generator_scan(&vm->heap, leaf);
    if (UNLIKELY(leaf->handling)) generator_exchange_handling(t, leaf);
    if (UNLIKELY(!!(frame_code(&leaf->frame)->flags & CODE_WIDE) != WIDE_CODE)) {
        leaf->frame.action |= FRAME_OTHER_WIDTH;
        t->frame = &leaf->frame;
        return VALUE_SWITCH;
    }
    ENTER(&leaf->frame);
    if (UNLIKELY(t->exception != VALUE_UNSET)) goto raise;
    POLL();
    NEXT();
    CASE(YIELD) {
        v = RB;
        f->resume = A(i);
        goto yield_value;
    }
    CASE(YIELD_DELEGATED) {
        v = R[A(i) + 1];
        f->resume = A(i) + 1;
        goto yield_value;
    }
    CASE(ASYNC_YIELD) {
        f->resume = A(i);
        v = async_item_new(t, RB);
    }
yield_value: {
    leaf = f->generator;
    Generator *root = leaf->active_root;
    Frame *caller = f->caller;
    SAVE();
    root->running = false;
    root->leaf = leaf;
    t->depth--;
    t->frame = caller;
    if (UNLIKELY(leaf->handling)) generator_exchange_handling(t, leaf);
    action = f->action;
    if (LIKELY(action == FRAME_FOR || action == FRAME_RESULT || action == FRAME_SEND)) {
        caller->registers[f->dest] = v;
        ENTER(caller);
        NEXT();
    }
    if ((action & ~FRAME_OTHER_WIDTH) == FRAME_ENTRY) return v;
    caller->registers[f->dest] = v;
    goto back_in_caller;
}
    CASE(GET_YIELD_FROM_ITER) {
        v = RB;
        if (LIKELY(is_kind(v, OBJ_GENERATOR))) {
            own_fresh_delegate(v, pc - 1);
            if (GENERATOR(v)->owned) RB = VALUE_UNSET;
            RA = v;
        } else {
            SET_CHECKED(RA, get_yield_from_iter(t, v, frame_code(f)));
        }
        NEXT();
    }
    CASE(GET_AWAITABLE) {
        v = RB;
        if (LIKELY(is_kind(v, OBJ_COROUTINE) && GENERATOR(v)->state == GEN_CREATED)) {
            own_fresh_delegate(v, pc - 1);
            if (GENERATOR(v)->owned) RB = VALUE_UNSET;
            RA = v;
        } else {
            SET_CHECKED(RA, get_awaitable(t, v, (int)C(i)));
        }
        NEXT();
    }
    CASE(FROM_TARGET) {
        v = VALUE_UNSET;
        if (UNLIKELY(vm->from_class && is_object(RA))) SET_CHECKED(v, from_target(t, RA));
        if (v == VALUE_UNSET || v == VALUE_NONE) pc += SBX(i);
        if (v != VALUE_UNSET) RA = v;
        NEXT();
    }
    CASE(SEND) {
        Value delegate = RA, sent = R[A(i) + 1];
        Generator *self = f->generator;
        if (LIKELY(is_generator_kind(delegate))) {
            g = GENERATOR(delegate);
            if (LIKELY(!g->parent && !g->running && g->state != GEN_CLOSED)) {
                SAVE();
                leaf = generator_link(t, self, g, sent);
                if (UNLIKELY(!leaf)) goto raise;
                if (UNLIKELY((frame_code(&leaf->frame)->flags ^ frame_code(f)->flags) &
                             CODE_WIDE)) {
                    t->frame = &leaf->frame;
                    return VALUE_SWITCH;
                }
                ENTER(&leaf->frame);
                if (UNLIKELY(t->exception != VALUE_UNSET)) goto raise;
                POLL();
                NEXT();
            }
            v = sent == VALUE_UNSET ? VALUE_NONE : sent;
            dest = A(i) + 1;
            action = FRAME_SEND;
            goto resume;
        }
        SAVE();
        if (LIKELY(is_future(delegate))) {
            Future *future = FUTURE(delegate);
            if (LIKELY(future->state != FUTURE_PENDING)) {
                if (is_native_coroutine(delegate)) future->flags |= FUTURE_CLOSED;
                SET_CHECKED(R[A(i) + 1], future_take_result(t, future));
                pc += SBX(i);
                NEXT();
            }
            v = VALUE_PARKED;
            if (is_native_coroutine(delegate)) {
                v = native_coroutine_resume(t, NATIVE_COROUTINE(delegate));
                if (UNLIKELY(v == VALUE_ERROR)) goto raise;
                if (v == VALUE_DONE) {
                    R[A(i) + 1] = t->done_value;
                    pc += SBX(i);
                    NEXT();
                }
            } else if (UNLIKELY(sent != VALUE_UNSET)) {
                raise_error(t, EXC_RuntimeError, "await wasn't used with future");
                goto raise;
            }
            Generator *root = self->active_root;
            if (LIKELY(root->parkable)) {
                self->state = GEN_PARKED;
                f->resume = A(i) + 1;
                root->running = false;
                root->leaf = self;
                t->depth--;
                t->frame = f->caller;
                if (UNLIKELY(self->handling)) generator_exchange_handling(t, self);
                t->parked_on = delegate;
                return VALUE_PARKED;
            }
            future->blocking = v == VALUE_PARKED;
            R[A(i) + 1] = v == VALUE_PARKED ? delegate : v;
            NEXT();
        }
        v = send_generic(t, delegate, sent == VALUE_UNSET ? VALUE_NONE : sent);
        if (UNLIKELY(v == VALUE_ERROR)) goto raise;
        if (v == VALUE_DONE) {
            v = t->done_value;
            pc += SBX(i);
        }
        R[A(i) + 1] = v;
        NEXT();
    }
    CASE(GET_AITER) {
        SET_CHECKED(RA, get_aiter(t, RB));
        NEXT();
    }
    CASE(GET_ANEXT) {
        SET_CHECKED(RA, get_anext(t, RB));
        NEXT();
    }
    CASE(END_ASYNC_FOR) {
        v = RA;
        SAVE();
        if (class_is_subclass(object_class(object_of(v)), EXCEPTION_CLASS(t, StopAsyncIteration))) {
            pc += SBX(i);
            NEXT();
        }
        t->exception = v;
        goto unwind;
    }
