// The core as C functions, over what wasm2c makes of core.wasm: calls by name, memory by the places of docs/ABI.md,
// snapshot and restore. main.c reads scripts. What is handed out as new belongs to the caller.
#ifndef HOST_H
#define HOST_H

#include <stddef.h>
#include <stdint.h>

struct place;

struct bytes {
  uint8_t *data;
  size_t size;
};

/** Ends the program: 1, an expectation does not hold; 2, the script is malformed. main.c has it. */
_Noreturn void fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The same, unless there was no memory. */
void *allocated(void *memory);

/**
 * Makes the one instance; `wasm` must be the core that this program was compiled from. A trap later on fails with 1.
 */
void core_start(struct bytes wasm);
/** Answers 0 where the export has no result. */
int32_t core_call(const char *name, size_t count, const uint32_t *args);
/** The last status: 1 when io.end is the number of a new subnet. */
int32_t core_restore(struct bytes snapshot);
/** The snapshot that snapshot_begin has begun; new. */
struct bytes core_snapshot(void);

const struct place *place_of(const char *name);
/** The first bytes of a place as the memory is now: it may move with every call. */
uint8_t *place_view(const struct place *place, size_t size);
uint32_t place_u32(const char *name);
/** The bytes that a value has in memory, and the reverse; both new. */
struct bytes encode(const struct place *place, const char *value);
char *decode(const struct place *place, const uint8_t *bytes, size_t size);
char *hex_of(struct bytes bytes);

#endif
