package limpet;

import com.dylibso.chicory.wasm.ChicoryException;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.Strictness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs a script on the core, with Chicory: Main CORE SCRIPT [FOLDER]. The form of a script: ../README.md. */
final class Main {
    private static final Set<String> FIELDS =
            Set.of("op", "note", "set", "name", "args", "subnet", "file", "same", "save", "expect");
    private static final Gson GSON = new GsonBuilder().setStrictness(Strictness.STRICT).create();

    /** An expectation that does not hold. */
    static final class Failed extends RuntimeException {
        Failed(String what, Object expected, Object got) {
            super("expected " + what + " " + expected + ", got " + got);
        }
    }

    private final Core core;
    private final Path folder;
    /** Numbers by name. */
    private final Map<String, Integer> saved = new HashMap<>();

    private Main(Core core, Path folder) {
        this.core = core;
        this.folder = folder;
    }

    /** A number that a step gives: itself, or the name that it was saved under. */
    private int number(JsonElement given) {
        if (given.getAsJsonPrimitive().isString()) {
            Integer value = saved.get(given.getAsString());
            if (value == null) throw new IllegalArgumentException("nothing is saved as " + given);
            return value;
        }
        long value = Long.parseLong(given.getAsString());
        if (value < Integer.MIN_VALUE || value >= 1L << 32)
            throw new IllegalArgumentException("not a number of 32 bits: " + value);
        return (int) value;
    }

    private static Map<String, JsonElement> places(JsonObject step, String name) {
        return step.has(name) ? step.getAsJsonObject(name).asMap() : Map.of();
    }

    private static String text(JsonObject step, String name) {
        return step.has(name) ? step.getAsJsonPrimitive(name).getAsString() : "";
    }

    private int perform(JsonObject step) throws IOException {
        Path file = folder.resolve(text(step, "file"));
        switch (text(step, "op")) {
            case "call":
                List<JsonElement> args = step.has("args") ? step.getAsJsonArray("args").asList() : List.of();
                return core.call(text(step, "name"), args.stream().mapToInt(this::number).toArray());
            case "restore":
                return core.restore(Files.readAllBytes(file));
            case "snapshot":
                int status = core.call("snapshot_begin", number(step.get("subnet")));
                if (status == 0) keep(core.snapshot(), step, file);
                return status;
            default:
                throw new IllegalArgumentException("unknown op " + text(step, "op"));
        }
    }

    private void keep(byte[] snapshot, JsonObject step, Path file) throws IOException {
        if (step.has("same")) {
            byte[] same = Files.readAllBytes(folder.resolve(text(step, "same")));
            compare("bytes", HexFormat.of().formatHex(same), HexFormat.of().formatHex(snapshot));
        }
        if (step.has("file")) Files.write(file, snapshot);
    }

    private static void compare(String what, Object expected, Object got) {
        if (!expected.equals(got)) throw new Failed(what, expected, got);
    }

    private void run(JsonObject step) throws IOException {
        if (!FIELDS.containsAll(step.keySet()))
            throw new IllegalArgumentException("unknown fields among " + step.keySet());
        places(step, "set").forEach((name, value) -> {
            Core.Place place = Core.place(name);
            core.write(place, Values.encode(place, value.getAsString()));
        });
        int result = perform(step);
        if (step.has("save"))
            saved.put(text(step, "save"), text(step, "op").equals("restore") ? core.number("end") : result);
        places(step, "expect").forEach((name, value) -> {
            if (name.equals("result")) {
                compare(name, number(value), result);
                return;
            }
            Core.Place place = Core.place(name);
            byte[] expected = Values.encode(place, value.getAsString());
            compare(name, Values.decode(place, expected), Values.decode(place, core.read(place, expected.length)));
        });
    }

    public static void main(String[] args) throws IOException {
        if (args.length < 2) throw exit(2, "usage: Main CORE SCRIPT [FOLDER]");
        Main main = null;
        List<String> lines = null;
        try {
            main = new Main(new Core(Path.of(args[0])), Path.of(args.length > 2 ? args[2] : "."));
            lines = Files.readString(Path.of(args[1])).lines().toList();
        } catch (IOException | RuntimeException problem) {
            throw exit(2, problem.toString());
        }
        int steps = 0;
        for (int at = 0; at < lines.size(); at++) {
            if (lines.get(at).isBlank()) continue;
            try {
                main.run(GSON.fromJson(lines.get(at), JsonObject.class));
                steps++;
            } catch (Failed | ChicoryException problem) {
                throw exit(1, "line " + (at + 1) + ": " + problem.getMessage());
            } catch (IOException | RuntimeException problem) {
                throw exit(2, "line " + (at + 1) + ": " + problem + ": " + lines.get(at));
            }
        }
        if (steps == 0) throw exit(2, "the script has no steps");
        System.out.println(steps + " steps hold");
    }

    /** Never returns; `throw` tells the compiler so. */
    private static Error exit(int code, String message) {
        System.err.println(message);
        System.exit(code);
        return new AssertionError();
    }
}
