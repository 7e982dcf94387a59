// Runs a script on the core that wasm2c made C of: embed CORE SCRIPT [FOLDER]. The form of a script: ../README.md.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "steps.h"

static const char *folder = ".";
static struct bytes line;
static int line_number;

_Noreturn void fail(int code, const char *format, ...) {
  va_list values;
  va_start(values, format);
  if (line_number) fprintf(stderr, "line %d: ", line_number);
  vfprintf(stderr, format, values);
  if (line_number && code == 2) fprintf(stderr, ": %.*s", (int)line.size, line.data);
  fprintf(stderr, "\n");
  exit(code);
}

static FILE *opened(const char *within, const char *name, const char *mode) {
  char path[4096];
  snprintf(path, sizeof path, "%s%s%s", within, *within ? "/" : "", name);
  FILE *file = fopen(path, mode);
  if (!file) fail(2, "%s: %s", path, strerror(errno));
  return file;
}

static struct bytes read_from(const char *within, const char *name) {
  FILE *file = opened(within, name, "rb");
  struct bytes all = {NULL, 0};
  size_t got = 1;
  while (got > 0) {
    all.data = allocated(realloc(all.data, all.size + 65536));
    all.size += got = fread(all.data + all.size, 1, 65536, file);
  }
  if (ferror(file) || fclose(file)) fail(2, "%s cannot be read", name);
  return all;
}

struct bytes file_read(const char *name) { return read_from(folder, name); }

void file_write(const char *name, struct bytes bytes) {
  FILE *file = opened(folder, name, "wb");
  if (fwrite(bytes.data, 1, bytes.size, file) != bytes.size || fclose(file)) fail(2, "%s cannot be written", name);
}

int main(int count, char **args) {
  if (count < 3) fail(2, "usage: embed CORE SCRIPT [FOLDER]");
  if (count > 3) folder = args[3];
  struct bytes wasm = read_from("", args[1]), script = read_from("", args[2]);
  core_start(wasm);
  free(wasm.data);
  int steps = 0;
  const uint8_t *at = script.data, *end = script.data + script.size;
  for (line_number = 1; at < end; line_number++, at += line.size + 1) {
    const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
    line = (struct bytes){(uint8_t *)at, (size_t)((stop ? stop : end) - at)};
    steps += step_run((const char *)line.data, line.size);
  }
  line_number = 0;
  free(script.data);
  if (steps == 0) fail(2, "the script has no steps");
  printf("%d steps hold\n", steps);
}
