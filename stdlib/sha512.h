/* SPDX-License-Identifier: MIT */
/* The hash function SHA-512 (FIPS 180-4), which turns texts into seeds of random numbers. See
 * stdlib/sha512.c. */
#ifndef TULIP_STDLIB_SHA512_H
#define TULIP_STDLIB_SHA512_H

#include <stddef.h>
#include <stdint.h>

/* The digest of [size] bytes. */
void sha512(const uint8_t *data, size_t size, uint8_t digest[64]);

#endif
