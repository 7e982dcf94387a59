// The steps of a script: JSON in, calls of host.h out.
#include "steps.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

/** Numbers by name: what the script has saved. */
static cJSON *saved;

static void compare(const char *what, char *expected, char *got) {
  if (strcmp(expected, got)) fail(1, "expected %s %s, got %s", what, expected, got);
  free(expected);
  free(got);
}

/** A number that a step gives: itself, or the name that it was saved under. */
static uint32_t number(const cJSON *given) {
  if (cJSON_IsString(given)) given = cJSON_GetObjectItemCaseSensitive(saved, given->valuestring);
  double value = cJSON_IsNumber(given) ? given->valuedouble : NAN;
  if (!(value >= -0x1p31 && value < 0x1p32 && value == floor(value))) fail(2, "not a number of 32 bits");
  return (uint32_t)(int64_t)value;
}

/** A value for a place, as text; new. */
static char *text(const cJSON *value) {
  return allocated(cJSON_IsString(value) ? strdup(value->valuestring) : cJSON_PrintUnformatted(value));
}

static const cJSON *field(const cJSON *step, const char *name) { return cJSON_GetObjectItemCaseSensitive(step, name); }

/** A field that must be text; NULL when there is none. */
static const char *word(const cJSON *step, const char *name) {
  const cJSON *value = field(step, name);
  if (value && !cJSON_IsString(value)) fail(2, "%s is not text", name);
  return value ? value->valuestring : NULL;
}

static int32_t call(const cJSON *step) {
  uint32_t args[8] = {0};
  size_t count = 0;
  const cJSON *arg;
  cJSON_ArrayForEach(arg, field(step, "args")) {
    if (count == sizeof args / sizeof *args) fail(2, "too many arguments");
    args[count++] = number(arg);
  }
  return core_call(word(step, "name") ? word(step, "name") : "", count, args);
}

static int32_t snapshot(const cJSON *step) {
  uint32_t subnet = number(field(step, "subnet"));
  int32_t status = core_call("snapshot_begin", 1, &subnet);
  if (status != 0) return status;
  struct bytes got = core_snapshot();
  if (word(step, "same")) {
    struct bytes expected = file_read(word(step, "same"));
    compare("bytes", hex_of(expected), hex_of(got));
    free(expected.data);
  }
  if (word(step, "file")) file_write(word(step, "file"), got);
  free(got.data);
  return status;
}

static int32_t restore(const cJSON *step) {
  struct bytes snapshot = file_read(word(step, "file") ? word(step, "file") : "");
  int32_t status = core_restore(snapshot);
  free(snapshot.data);
  return status;
}

static void save(const char *name, int32_t value) {
  if (!saved) saved = allocated(cJSON_CreateObject());
  cJSON_DeleteItemFromObjectCaseSensitive(saved, name);
  allocated(cJSON_AddNumberToObject(saved, name, value));
}

static void set(const cJSON *item) {
  const struct place *place = place_of(item->string);
  char *value = text(item);
  struct bytes bytes = encode(place, value);
  memcpy(place_view(place, bytes.size), bytes.data, bytes.size);
  free(bytes.data);
  free(value);
}

static void expect(const cJSON *item, int32_t result) {
  if (strcmp(item->string, "result") == 0) {
    int32_t expected = (int32_t)number(item);
    if (expected != result) fail(1, "expected result %d, got %d", expected, result);
    return;
  }
  const struct place *place = place_of(item->string);
  char *value = text(item);
  struct bytes bytes = encode(place, value);
  char *wanted = decode(place, bytes.data, bytes.size);
  compare(item->string, wanted, decode(place, place_view(place, bytes.size), bytes.size));
  free(bytes.data);
  free(value);
}

static void run(const cJSON *step) {
  static const char *const known[] = {"op", "note", "set", "name", "args", "subnet", "file", "same", "save", "expect"};
  const cJSON *item;
  cJSON_ArrayForEach(item, step) {
    size_t at = 0, count = sizeof known / sizeof *known;
    while (at < count && (!item->string || strcmp(known[at], item->string))) at++;
    if (at == count) fail(2, "unknown field %s", item->string ? item->string : "(none)");
  }
  cJSON_ArrayForEach(item, field(step, "set")) set(item);
  const char *op = word(step, "op") ? word(step, "op") : "", *name = word(step, "save");
  int32_t result = 0;
  if (strcmp(op, "call") == 0) result = call(step);
  else if (strcmp(op, "restore") == 0) result = restore(step);
  else if (strcmp(op, "snapshot") == 0) result = snapshot(step);
  else fail(2, "unknown op %s", op);
  if (name) save(name, strcmp(op, "restore") == 0 ? (int32_t)place_u32("end") : result);
  cJSON_ArrayForEach(item, field(step, "expect")) expect(item, result);
}

int step_run(const char *line, size_t size) {
  char *copy = allocated(strndup(line, size));
  int some = strspn(copy, " \t\r") < size;
  if (some) {
    cJSON *step = cJSON_ParseWithOpts(copy, NULL, 1);
    if (!step) fail(2, "not JSON");
    run(step);
    cJSON_Delete(step);
  }
  free(copy);
  return some;
}
