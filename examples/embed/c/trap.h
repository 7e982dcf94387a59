// Declares what the Makefile has wabt's runtime call where it would longjmp; host.c has it.
#include "wasm-rt.h"

void core_trapped(wasm_rt_trap_t trap);
