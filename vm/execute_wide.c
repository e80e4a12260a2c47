/* SPDX-License-Identifier: MIT */
/*
 * The loop for wide code: functions with more than 250 registers, 65,535 constants or 32,000 words.
 * Read next: vm/execute_loop.h.
 */
#include "vm/execute.h"
#include "vm/probe.h"
#include "vm/trollius.h"

#include "vm/wide_words.h"

#define LOOP execute_wide
#include "vm/execute_loop.h"
