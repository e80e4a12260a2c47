/* SPDX-License-Identifier: MIT */
/*
 * The rules of --resolve: reading one, and finding the one that fits. They are read again for
 * every look-up: there are few, and asking for a name is slow beside it.
 *
 * Read next: stdlib/resolve_rules.h.
 */
#include "stdlib/resolve_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_PORT = 65535 };

/* A rule taken apart; the texts point into it. */
typedef struct Rule {
    const char *host, *address;
    size_t host_size, address_size;
    int port, new_port; /* new_port is port where the rule names none */
} Rule;

/* A port at [*at], which is moved behind it; -1: there is none. */
static int take_port(const char **at, const char *end) {
    int port = 0;
    const char *start = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        port = port * 10 + (**at - '0');
        if (port > MOST_PORT) return -1;
    }
    return *at == start ? -1 : port;
}

/* The text from [*at] to [stop], not empty; [*at] is moved behind [stop]. */
static bool take_text(const char **at, const char *end, char stop, const char **text,
                      size_t *size) {
    const char *found = memchr(*at, stop, (size_t)(end - *at));
    *text = *at;
    *size = (size_t)((found ? found : end) - *at);
    *at = found ? found + 1 : end;
    return *size > 0 && *size < sizeof((ResolvedName *)0)->host;
}

static bool take_address(const char **at, const char *end, Rule *rule) {
    if (*at < end && **at == '[') {
        ++*at;
        if (!take_text(at, end, ']', &rule->address, &rule->address_size)) return false;
        if ((*at)[-1] != ']') return false;
        if (*at < end && *(*at)++ != ':') return false;
        return true;
    }
    return take_text(at, end, ':', &rule->address, &rule->address_size);
}

static bool read_rule(const char *text, size_t size, Rule *rule) {
    const char *at = text, *end = text + size;
    if (!take_text(&at, end, ':', &rule->host, &rule->host_size)) return false;
    rule->port = rule->new_port = take_port(&at, end);
    if (rule->port < 0 || at == end || *at++ != ':') return false;
    if (!take_address(&at, end, rule)) return false;
    if (at[-1] == ':') rule->new_port = take_port(&at, end);
    return rule->new_port >= 0 && at == end;
}

bool resolve_rule_valid(const char *text) {
    Rule rule;
    return !strchr(text, ',') && read_rule(text, strlen(text), &rule);
}

void resolve_rule_add(const char *text) {
    const char *others = getenv(RESOLVE_VARIABLE);
    if (!others) others = "";
    size_t room = strlen(text) + strlen(others) + 2;
    char *all = malloc(room);
    if (!all) return;
    snprintf(all, room, "%s%s%s", text, *others ? "," : "", others);
    setenv(RESOLVE_VARIABLE, all, 1);
    free(all);
}

static bool fits(const Rule *rule, const char *host, int port) {
    if (rule->port != port) return false;
    if (rule->host_size == 1 && rule->host[0] == '*') return true;
    return strlen(host) == rule->host_size && !strncasecmp(host, rule->host, rule->host_size);
}

bool resolve_rule_find(const char *host, int port, ResolvedName *found) {
    const char *rules = getenv(RESOLVE_VARIABLE);
    while (rules && *rules) {
        Rule rule;
        size_t size = strcspn(rules, ",");
        if (read_rule(rules, size, &rule) && fits(&rule, host, port)) {
            memcpy(found->host, rule.address, rule.address_size);
            found->host[rule.address_size] = '\0';
            found->port = rule.new_port;
            return true;
        }
        rules += size + (rules[size] == ',');
    }
    return false;
}
