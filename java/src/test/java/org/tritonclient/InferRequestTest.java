package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class InferRequestTest {
    private static RequestDecoder decoded(InferRequest request) {
        PackedRequest packed = request.pack();
        try {
            return new RequestDecoder(packed);
        } finally {
            packed.release();
        }
    }

    @Test
    void aRequestWithDefaults() {
        RequestDecoder decoded = decoded(new InferRequest("simple"));
        assertEquals("simple", decoded.model);
        assertEquals("", decoded.version);
        assertEquals("", decoded.id);
        assertNull(decoded.sequenceId);
        assertEquals(0, decoded.priority + decoded.timeoutMicros + decoded.flags + decoded.binaryOutput);
        assertEquals(0, decoded.parameters.size() + decoded.inputs.size() + decoded.outputs.size());
    }

    @Test
    void aRequestWithEverything() {
        ByteBuffer large = ByteBuffer.allocateDirect(10_000).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer destination = ByteBuffer.allocateDirect(100);
        destination.position(4).limit(68);
        InferRequest request = new InferRequest("mödel")
                .setModelVersion("3").setId("id").setSequence(-2, true, false).setPriority(-1)
                .setServerTimeoutMicros(1L << 40).setEmptyFinalResponse(true).setBinaryOutput(false)
                .setParameter("a", true).setParameter("b", 1L << 50).setParameter("c", -0.0).setParameter("d", "")
                .addInput(new InferInput("A", new long[] {1, -1, 1L << 33}, DataType.INT32).setData(new int[] {1}))
                .addInput(new InferInput("B", new long[0], DataType.FP32).setData(large).setParameter("q", 1))
                .addInput(new InferInput("C", new long[] {7}, DataType.BYTES).setData(new String[] {"x"}, false))
                .addInput(new InferInput("D", new long[] {7}, DataType.UINT8))
                .addOutput(new InferRequestedOutput("O", false, 3).setParameter("r", "s"))
                .addOutput(new InferRequestedOutput("P").setBuffer(destination))
                .addOutput(new InferRequestedOutput("Q", true).setSharedMemory("region", 5, 6));
        RequestDecoder decoded = decoded(request);
        assertEquals("mödel", decoded.model);
        assertEquals("3", decoded.version);
        assertEquals("id", decoded.id);
        assertEquals(-2L, decoded.sequenceId);
        assertEquals(1, decoded.sequenceFlags);
        assertEquals(-1, decoded.priority);
        assertEquals(1L << 40, decoded.timeoutMicros);
        assertEquals(1, decoded.flags);
        assertEquals(2, decoded.binaryOutput);
        assertEquals("{a=true, b=1125899906842624, c=-0.0, d=}", decoded.parameters.toString());
        assertEquals(4, decoded.inputs.size());
        assertEquals(List.of(1L, -1L, 1L << 33), decoded.inputs.get(0).shape);
        assertEquals(10_000, decoded.inputs.get(1).byteSize);
        assertEquals("{q=1}", decoded.inputs.get(1).parameters.toString());
        assertTrue(decoded.inputs.get(2).isJson);
        assertEquals(0, decoded.inputs.get(3).place);
        RequestDecoder.Tensor classes = decoded.outputs.get(0);
        assertEquals("O", classes.name);
        assertEquals(3, classes.classCount);
        assertTrue(classes.isJson);
        assertEquals(0, classes.place);
        assertEquals("{r=s}", classes.parameters.toString());
        RequestDecoder.Tensor own = decoded.outputs.get(1);
        assertEquals(2, own.place);
        assertEquals(4, own.position);
        assertEquals(64, own.byteSize);
        RequestDecoder.Tensor shared = decoded.outputs.get(2);
        assertEquals(3, shared.place);
        assertEquals("region 5 6", shared.region + " " + shared.byteSize + " " + shared.offset);

        assertEquals("mödel", request.getModelName());
        assertEquals("3", request.getModelVersion());
        assertEquals("id", request.getId());
        assertEquals(-1, request.getPriority());
        assertEquals(1L << 40, request.getServerTimeoutMicros());
        assertEquals(4, request.getParameters().size());
        assertEquals(4, request.getInputs().size());
        assertEquals("P", request.getOutputs().get(1).getName());
        assertEquals(3, request.getOutputs().get(0).getClassCount());
        assertThrows(UnsupportedOperationException.class, () -> request.getInputs().clear());
        assertThrows(UnsupportedOperationException.class, () -> request.getOutputs().clear());
    }

    @Test
    void aSequenceMayHaveAName() {
        RequestDecoder decoded = decoded(new InferRequest("m").setSequence("seq", true, true).setBinaryOutput(true));
        assertEquals("seq", decoded.sequenceId);
        assertEquals(3, decoded.sequenceFlags);
        assertEquals(1, decoded.binaryOutput);
        assertEquals(0, decoded(new InferRequest("m").setSequence("seq", false, false)).sequenceFlags);
    }

    @Test
    void listsAreCopied() {
        List<InferInput> inputs = new ArrayList<>();
        inputs.add(new InferInput("A", new long[] {1}, DataType.INT32));
        InferRequest request = new InferRequest("m", inputs, List.of());
        inputs.clear();
        assertEquals(1, request.getInputs().size());
        assertEquals("input", assertThrows(NullPointerException.class,
                () -> new InferRequest("m", Arrays.asList((InferInput) null), List.of())).getMessage());
    }

    @Test
    void aRequestOfAnySizeIsPacked() {
        InferRequest request = new InferRequest("m".repeat(5000));
        for (int i = 0; i < 300; i++) {
            request.addInput(new InferInput("input-" + i, new long[100], DataType.INT8).setData(new byte[i]));
            request.addOutput(new InferRequestedOutput("output-" + i).setParameter("p", "v".repeat(i)));
        }
        RequestDecoder decoded = decoded(request);
        assertEquals(300, decoded.inputs.size());
        assertEquals("input-299", decoded.inputs.get(299).name);
        assertEquals(299, decoded.outputs.get(299).parameters.get("p").toString().length());
    }

    @Test
    void theBufferOfAnOutputIsInOneCallAtATime() {
        InferRequestedOutput output = new InferRequestedOutput("O").setBuffer(ByteBuffer.allocateDirect(8));
        InferInput input = new InferInput("A", new long[] {2000}, DataType.INT32).setData(new int[2000]);
        InferRequest request = new InferRequest("m").addInput(input).addOutput(output);
        PackedRequest first = request.pack();
        InferenceException refused = assertThrows(InferenceException.class, request::pack);
        assertEquals(Status.FAILED_PRECONDITION, refused.getStatus());
        assertEquals("output 'O': its buffer is in use by another call", refused.getMessage());
        first.release();
        PackedRequest second = request.pack();
        second.release();
        assertSame(first.buffers[0], second.buffers[0]);
        input.setData(new int[2000]);
        PackedRequest third = request.pack();
        assertSame(first.buffers[0], third.buffers[0], "the refused call holds nothing");
        third.release();
    }

    @Test
    void aBufferForAnOutputMustBeWritable() {
        InferRequestedOutput output = new InferRequestedOutput("O");
        assertThrows(IllegalArgumentException.class, () -> output.setBuffer(ByteBuffer.allocate(8)));
        ByteBuffer readOnly = ByteBuffer.allocateDirect(8).asReadOnlyBuffer();
        assertThrows(IllegalArgumentException.class, () -> output.setBuffer(readOnly));
        output.setBuffer(ByteBuffer.allocateDirect(8)).setBuffer(null);
        assertEquals(0, decoded(new InferRequest("m").addOutput(output)).outputs.get(0).place);
        output.setBuffer(ByteBuffer.allocateDirect(0));
        RequestDecoder.Tensor empty = decoded(new InferRequest("m").addOutput(output)).outputs.get(0);
        assertEquals(2, empty.place);
        assertArrayEquals(new byte[0], empty.data);
    }

    @Test
    void aRawBodyHoldsNoFramedElements() {
        InferInput input = new InferInput("A", new long[] {1}, DataType.BYTES).setData(new String[] {"a"});
        InferRequest request = new InferRequest("m").addInput(input).setRawBody(true);
        assertEquals(Status.INVALID_ARGUMENT, assertThrows(InferenceException.class, request::pack).getStatus());
        input.setData(ByteBuffer.wrap(new byte[] {'a'}));
        RequestDecoder decoded = decoded(request);
        assertEquals(2, decoded.flags);
        assertArrayEquals(new byte[] {'a'}, decoded.inputs.get(0).data);
    }
}
