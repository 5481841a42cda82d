package org.tritonclient;

import java.util.Arrays;
import java.util.List;

/** Requests of the tests of streams. */
final class StreamRequests {
    private StreamRequests() {}

    /** Returns a request of the decoupled model: a response with each value; a negative value is an error instead. */
    static InferRequest repeat(String id, int delayMillis, int... values) {
        int[] delays = new int[values.length];
        Arrays.fill(delays, delayMillis);
        return new InferRequest(
                        "repeat_int32",
                        List.of(
                                new InferInput("IN", new long[] {values.length}, DataType.INT32).setData(values),
                                new InferInput("DELAY", new long[] {values.length}, DataType.UINT32).setData(delays),
                                new InferInput("WAIT", new long[] {1}, DataType.UINT32).setData(new int[1])),
                        List.of())
                .setId(id);
    }

    /** Returns the numbers from 0 on. */
    static int[] numbers(int count) {
        int[] numbers = new int[count];
        Arrays.setAll(numbers, i -> i);
        return numbers;
    }

    /** Returns a request of a model that is not decoupled, whose first sum is {@code number + 1}. */
    static InferRequest sum(int number) {
        InferRequest request = RealServer.simple().setId(Integer.toString(number));
        int[] data = new int[16];
        Arrays.fill(data, number);
        request.getInputs().get(0).setData(data);
        return request;
    }

    /** Returns a request whose response is as large as it is. */
    static InferRequest echo(String id, int byteSize) {
        InferInput input = new InferInput("INPUT0", new long[] {byteSize}, DataType.UINT8).setData(new byte[byteSize]);
        return new InferRequest("identity_uint8", List.of(input), List.of()).setId(id);
    }

    /** Returns the first element of an output of a result, and closes the result. */
    static int value(InferResult result, String output) {
        try (InferResult closing = result) {
            return closing.getOutputAsInt(output)[0];
        }
    }
}
