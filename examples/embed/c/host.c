#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/core.h"

typedef unsigned __int128 u128;

enum { WINDOW_SIZE = 65536 };

static Z_core_instance_t core;

// Every export as a function of an array of arguments. calls.inc, made from core.h by the Makefile, has a line for
// each.
#define CALL(name, count, ...) static u32 call_##name(const u32 *a) { (void)a; return Z_coreZ_##name(__VA_ARGS__); }
#define PROCEDURE(name, count, ...) static u32 call_##name(const u32 *a) { (void)a; Z_coreZ_##name(__VA_ARGS__); return 0; }
#include "build/calls.inc"
#undef CALL
#undef PROCEDURE
#define CALL(name, count, ...) {#name, count, call_##name},
#define PROCEDURE CALL
static const struct {
  const char *name;
  size_t count;
  u32 (*call)(const u32 *);
} calls[] = {
#include "build/calls.inc"
};

void *allocated(void *memory) {
  if (!memory) fail(2, "out of memory");
  return memory;
}

/** In the place of wasm2c's longjmp: see the Makefile. */
void core_trapped(wasm_rt_trap_t trap) { fail(1, "trap: %s", wasm_rt_strerror(trap)); }

__asm__(".section .rodata\nbuilt_from: .incbin \"build/core.wasm\"\nbuilt_from_end:\n.text");
extern const uint8_t built_from[], built_from_end[];

void core_start(struct bytes wasm) {
  size_t size = (size_t)(built_from_end - built_from);
  if (wasm.size != size || memcmp(wasm.data, built_from, size)) fail(2, "compiled from another core.wasm: run make");
  wasm_rt_init();
  Z_core_init_module();
  Z_core_instantiate(&core);
  if (Z_coreZ_abi_version(&core) != 1) fail(2, "version %u of the ABI is not known here", Z_coreZ_abi_version(&core));
}

int32_t core_call(const char *name, size_t count, const uint32_t *args) {
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (strcmp(calls[i].name, name) == 0 && calls[i].count == count) return (int32_t)calls[i].call(args);
  fail(2, "no call %s of %zu arguments", name, count);
}

struct place {
  const char *name;
  u32 (*area)(Z_core_instance_t *);
  size_t offset, size;
  enum { NUMBER, TEXT, HEX } kind;
};

static const struct place places[] = {
    {"ordinal", Z_coreZ_io, 0, 16, NUMBER},  {"time", Z_coreZ_io, 16, 8, NUMBER},    {"state", Z_coreZ_io, 24, 4, NUMBER},
    {"length", Z_coreZ_io, 28, 4, NUMBER},   {"position", Z_coreZ_io, 32, 4, NUMBER}, {"end", Z_coreZ_io, 36, 4, NUMBER},
    {"identity", Z_coreZ_io, 64, 255, TEXT}, {"other", Z_coreZ_io, 320, 255, TEXT},  {"io", Z_coreZ_io, 0, 576, HEX},
    {"window", Z_coreZ_window, 0, WINDOW_SIZE, HEX},
};

const struct place *place_of(const char *name) {
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (strcmp(places[i].name, name) == 0) return &places[i];
  fail(2, "there is no place %s", name);
}

uint8_t *place_view(const struct place *place, size_t size) {
  if (size > place->size) fail(2, "%s has no %zu bytes", place->name, size);
  return Z_coreZ_memory(&core)->data + place->area(&core) + place->offset;
}

uint32_t place_u32(const char *name) {
  const uint8_t *at = place_view(place_of(name), 4);
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int32_t core_restore(struct bytes left) {
  int32_t status = 0;
  Z_coreZ_restore_begin(&core);
  for (size_t taken = 1; status == 0 && taken > 0; left.data += taken, left.size -= taken) {
    size_t size = left.size < WINDOW_SIZE ? left.size : WINDOW_SIZE;
    memcpy(place_view(place_of("window"), size), left.data, size);
    status = (int32_t)Z_coreZ_restore_feed(&core, (u32)size);
    taken = place_u32("position");
  }
  if (status == 0) Z_coreZ_restore_abort(&core);
  return status;
}

struct bytes core_snapshot(void) {
  struct bytes all = {allocated(malloc(1)), 0};
  for (u32 size; (size = Z_coreZ_snapshot_next(&core)) > 0; all.size += size) {
    all.data = allocated(realloc(all.data, all.size + size));
    memcpy(all.data + all.size, place_view(place_of("window"), size), size);
  }
  return all;
}

static struct bytes unhex(const char *digits) {
  struct bytes bytes = {allocated(malloc(strlen(digits) / 2 + 1)), strlen(digits) / 2};
  if (strlen(digits) % 2 || strspn(digits, "0123456789abcdefABCDEF") != strlen(digits)) fail(2, "not hex: %s", digits);
  for (size_t i = 0; i < bytes.size; i++) sscanf(digits + 2 * i, "%2hhx", &bytes.data[i]);
  return bytes;
}

char *hex_of(struct bytes bytes) {
  char *digits = allocated(calloc(2 * bytes.size + 1, 1));
  for (size_t i = 0; i < bytes.size; i++) sprintf(digits + 2 * i, "%02x", bytes.data[i]);
  return digits;
}

struct bytes encode(const struct place *place, const char *value) {
  if (place->kind == HEX) return unhex(value);
  if (place->kind == TEXT) return (struct bytes){allocated(strdup(value)), strlen(value)};
  struct bytes bytes = {allocated(malloc(place->size)), place->size};
  u128 number = 0, most = ~(u128)0 >> (128 - 8 * place->size);
  for (const char *digit = value; *digit || digit == value; digit++) {
    u128 units = (u128)(*digit - '0');
    if (*digit < '0' || *digit > '9' || number > (most - units) / 10) fail(2, "%s cannot be %s", place->name, value);
    number = number * 10 + units;
  }
  for (size_t i = 0; i < bytes.size; i++) bytes.data[i] = (uint8_t)(number >> 8 * i);
  return bytes;
}

char *decode(const struct place *place, const uint8_t *data, size_t size) {
  if (place->kind == HEX) return hex_of((struct bytes){(uint8_t *)data, size});
  if (place->kind == TEXT) return allocated(strndup((const char *)data, size));
  char digits[40] = "", *first = digits + sizeof digits - 1;
  u128 number = 0;
  for (size_t i = size; i-- > 0;) number = number << 8 | data[i];
  do *--first = (char)('0' + (int)(number % 10));
  while (number /= 10);
  return allocated(strdup(first));
}
