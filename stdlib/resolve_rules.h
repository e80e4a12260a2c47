/* SPDX-License-Identifier: MIT */
/*
 * Names that are looked up elsewhere: what --resolve and TULIP_RESOLVE say.
 *
 * A rule is HOST:PORT:ADDR[:PORT2]: who asks for HOST and PORT is given ADDR, and PORT2 if it is
 * there. HOST may be *, and an ADDR with colons is written in brackets. The rules are in the
 * environment, separated by commas, so that child processes follow them too; the first that fits
 * counts.
 *
 * Read next: stdlib/socket_resolve.c.
 */
#ifndef TULIP_STDLIB_RESOLVE_RULES_H
#define TULIP_STDLIB_RESOLVE_RULES_H

#include <stdbool.h>

#define RESOLVE_VARIABLE "TULIP_RESOLVE"

typedef struct ResolvedName {
    char host[256];
    int port;
} ResolvedName;

/* Is [text] a rule? */
bool resolve_rule_valid(const char *text);

/* Puts the rule [text], which is valid, before those of the environment. */
void resolve_rule_add(const char *text);

/* Where [host] and [port] are according to the rules. False: no rule is about them. */
bool resolve_rule_find(const char *host, int port, ResolvedName *found);

#endif
