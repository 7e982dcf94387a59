package limpet;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.types.ExternalType;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * The core as a Java object: calls by name, memory by the places of docs/ABI.md, snapshot and restore. Main reads
 * scripts.
 */
final class Core {
    static final int WINDOW = 65536;

    enum Kind { NUMBER, TEXT, HEX }

    /** Where something stands in the memory, and how many bytes it has. */
    record Place(String area, int offset, int size, Kind kind) {}

    private static final Map<String, Place> PLACES = Map.of(
            "ordinal", new Place("io", 0, 16, Kind.NUMBER),
            "time", new Place("io", 16, 8, Kind.NUMBER),
            "state", new Place("io", 24, 4, Kind.NUMBER),
            "length", new Place("io", 28, 4, Kind.NUMBER),
            "position", new Place("io", 32, 4, Kind.NUMBER),
            "end", new Place("io", 36, 4, Kind.NUMBER),
            "identity", new Place("io", 64, 255, Kind.TEXT),
            "other", new Place("io", 320, 255, Kind.TEXT),
            "io", new Place("io", 0, 576, Kind.HEX),
            "window", new Place("window", 0, WINDOW, Kind.HEX));

    private final Instance instance;

    Core(Path wasm) {
        instance = Instance.builder(Parser.parse(wasm)).build();
        int version = call("abi_version");
        if (version != 1) throw new IllegalArgumentException("version " + version + " of the ABI is not known here");
    }

    /** Answers 0 where the export has no result. */
    int call(String name, int... args) {
        if (!takes(name, args.length)) throw new IllegalArgumentException("no call " + name + " of " + args.length + " arguments");
        long[] results = instance.export(name).apply(Arrays.stream(args).asLongStream().toArray());
        return results == null || results.length == 0 ? 0 : (int) results[0];
    }

    private boolean takes(String name, int count) {
        var exports = instance.module().exportSection();
        for (int at = 0; at < exports.exportCount(); at++) {
            var export = exports.getExport(at);
            if (export.name().equals(name) && export.exportType() == ExternalType.FUNCTION)
                return instance.exportType(name).params().size() == count;
        }
        return false;
    }

    static Place place(String name) {
        Place place = PLACES.get(name);
        if (place == null) throw new IllegalArgumentException("there is no place " + name);
        return place;
    }

    private int start(Place place, int size) {
        if (size > place.size) throw new IllegalArgumentException(size + " bytes do not fit into " + place);
        return call(place.area) + place.offset;
    }

    byte[] read(Place place, int size) {
        return instance.memory().readBytes(start(place, size), size);
    }

    void write(Place place, byte[] bytes) {
        instance.memory().write(start(place, bytes.length), bytes);
    }

    int number(String place) {
        return instance.memory().readInt(start(place(place), 4));
    }

    /** The last status: 1 when io.end is the number of a new subnet. */
    int restore(byte[] snapshot) {
        call("restore_begin");
        int status = 0;
        for (int at = 0, taken = 1; status == 0 && taken > 0; at += taken) {
            byte[] piece = Arrays.copyOfRange(snapshot, at, Math.min(at + WINDOW, snapshot.length));
            write(place("window"), piece);
            status = call("restore_feed", piece.length);
            taken = number("position");
        }
        if (status == 0) call("restore_abort");
        return status;
    }

    /** The one that snapshot_begin has begun. */
    byte[] snapshot() {
        var all = new ByteArrayOutputStream();
        for (int size = call("snapshot_next"); size > 0; size = call("snapshot_next"))
            all.writeBytes(read(place("window"), size));
        return all.toByteArray();
    }
}
