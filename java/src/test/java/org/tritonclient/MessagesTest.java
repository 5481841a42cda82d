package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MessagesTest {
    @Test
    void anExcerptIsBoundedAndOnOneLine() {
        assertEquals("plain ü", Messages.excerpt("plain ü"));
        assertEquals("a b c\\u0000d\\u001b", Messages.excerpt("a\nb\tc\0d\u001b"));
        assertEquals("x".repeat(256), Messages.excerpt("x".repeat(256)));
        assertEquals("x".repeat(256) + "…", Messages.excerpt("x".repeat(257)));
        assertEquals("x".repeat(255) + "…", Messages.excerpt("x".repeat(255) + "\uD83D\uDE00"));
    }

    @Test
    void aShapeIsBounded() {
        assertEquals("[]", Messages.dimensions(new long[0]));
        assertEquals("[1, -1]", Messages.dimensions(new long[] {1, -1}));
        assertEquals("[0, 0, 0, 0, 0, 0, 0, 0] and 2 more dimensions", Messages.dimensions(new long[10]));
    }

    @Test
    void numbersAreReadAsServersWriteThem() {
        assertEquals(-0.5, Messages.parseDouble("-0.5"));
        assertEquals(1e10, Messages.parseDouble("+1E+10"));
        assertEquals(0.5, Messages.parseDouble(".5"));
        assertEquals(Double.NEGATIVE_INFINITY, Messages.parseDouble("-inf"));
        assertEquals(Double.POSITIVE_INFINITY, Messages.parseDouble("Infinity"));
        assertEquals(Double.NaN, Messages.parseDouble("-nan"));
        for (String text : new String[] {"", "-", "1f", "1d", "0x1p3", " 1", "1 ", "--1", "+-1", "e", ".", "1e"}) {
            assertNull(Messages.parseDouble(text), text);
        }
    }

    private static Classification parse(String text) {
        return Classification.parse(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void classesAreParsedWithAndWithoutLabels() {
        assertEquals("0.9:504:COFFEE: MUG", parse("0.900000:504:COFFEE: MUG").toString());
        assertEquals("-3.0:0", parse(" -3 : 0 ").toString());
        assertEquals("caf\uFFFD", parse("3.0:7:caf\u00e9").getLabel());
        assertEquals(-1, parse("1:18446744073709551615").getIndex());
        for (String broken : new String[] {"", "1", "x:1", "1:x", "1:-1:a", "\u00ff:1", "1:99999999999999999999"}) {
            InferenceException error = assertThrows(InferenceException.class, () -> parse(broken), broken);
            assertEquals(Status.INTERNAL, error.getStatus());
        }
        String message = assertThrows(InferenceException.class, () -> parse("\u00ff".repeat(1 << 20))).getMessage();
        assertTrue(message.length() < 1000, message);
    }

    @Test
    void datatypesHaveTheNumbersAndSizesOfTheProtocol() {
        String names = "INVALID BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 BYTES BF16";
        int[] sizes = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 0, 2};
        String[] all = names.split(" ");
        assertEquals(all.length, DataType.values().length);
        for (int i = 0; i < all.length; i++) {
            DataType type = DataType.valueOf(all[i]);
            assertEquals(i, type.getNumber());
            assertEquals(type, DataType.of(i));
            assertEquals(type, DataType.fromName(all[i]));
            assertEquals(sizes[i], type.getByteSize());
        }
        assertEquals(DataType.INVALID, DataType.fromName("fp32"));
        assertEquals(DataType.INVALID, DataType.of(15));
        assertEquals(DataType.INVALID, DataType.of(-1));
    }
}
