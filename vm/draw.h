/* SPDX-License-Identifier: MIT */
/* Numbers for --seed: who is next. splitmix64, whose state is one word. */
#ifndef TULIP_VM_DRAW_H
#define TULIP_VM_DRAW_H

#include <stdint.h>

/* The next number of the sequence that [state] stands for. */
static inline uint64_t draw_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
