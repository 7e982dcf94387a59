package limpet;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Values of a script as bytes of the memory, and the reverse. */
final class Values {
    private Values() {}

    static byte[] encode(Core.Place place, String value) {
        return switch (place.kind()) {
            case TEXT -> value.getBytes(StandardCharsets.UTF_8);
            case HEX -> HexFormat.of().parseHex(value);
            case NUMBER -> littleEndian(value, place.size());
        };
    }

    static String decode(Core.Place place, byte[] bytes) {
        return switch (place.kind()) {
            case TEXT -> new String(bytes, StandardCharsets.UTF_8);
            case HEX -> HexFormat.of().formatHex(bytes);
            case NUMBER -> new BigInteger(1, reversed(bytes, bytes.length)).toString();
        };
    }

    private static byte[] littleEndian(String digits, int size) {
        BigInteger number = digits.matches("[0-9]+") ? new BigInteger(digits) : null;
        if (number == null || number.bitLength() > 8 * size)
            throw new NumberFormatException(digits + " is no number of " + size + " bytes");
        return reversed(number.toByteArray(), size);
    }

    /** The last bytes come first; as many as asked for, filled up with zeros. */
    private static byte[] reversed(byte[] bytes, int size) {
        byte[] reversed = new byte[size];
        for (int at = 0; at < Math.min(size, bytes.length); at++) reversed[at] = bytes[bytes.length - 1 - at];
        return reversed;
    }
}
