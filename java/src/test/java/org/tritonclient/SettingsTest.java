package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The settings of tracing and of the log of the real server: read, changed and restored. */
class SettingsTest {
    private final TestServer server = TestServer.shared();

    @ParameterizedTest
    @EnumSource
    void traceSettingsAreReadChangedAndCleared(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol);
                OwnModel model = OwnModel.load(client, "java_settings_" + protocol, "", 1)) {
            Settings before = client.getTraceSettings("");
            assertEquals(
                    Set.of("log_frequency", "trace_count", "trace_file", "trace_level", "trace_mode", "trace_rate"),
                    before.getValues().keySet());
            assertEquals(List.of("OFF"), before.get("trace_level").getList());
            assertEquals("1", before.get("trace_rate").getText());
            assertNull(before.get("no_such"));
            assertTrue(before.getJson().contains("\"trace_rate\""), before.getJson());

            // Any kind of value is accepted: trace settings are strings.
            SettingsUpdate update = new SettingsUpdate().set("trace_rate", 700).set("log_frequency", "3");
            Settings changed = client.updateTraceSettings("", update);
            assertEquals("700", changed.get("trace_rate").getText());
            assertEquals("3", changed.get("log_frequency").toString());
            assertEquals(changed.getValues(), client.getTraceSettings("").getValues());

            // A model has the server's settings, except for its own.
            SettingsUpdate own =
                    new SettingsUpdate().set("trace_level", List.of("TIMESTAMPS", "TENSORS")).set("trace_rate", "9");
            Settings ofModel = client.updateTraceSettings(model.name, own);
            assertEquals(List.of("TIMESTAMPS", "TENSORS"), ofModel.get("trace_level").getList());
            assertEquals("9", ofModel.get("trace_rate").getText());
            assertEquals("3", ofModel.get("log_frequency").getText());
            assertEquals("700", client.getTraceSettings("").get("trace_rate").getText());
            ofModel = client.updateTraceSettings(
                    model.name, new SettingsUpdate().clear("trace_level").clear("trace_rate"));
            assertEquals("700", ofModel.get("trace_rate").getText());

            SettingsUpdate restore = new SettingsUpdate().clear("trace_rate").clear("log_frequency");
            assertEquals(before.getValues(), client.updateTraceSettings("", restore).getValues());
            assertEquals(before.getValues(), client.updateTraceSettings("", new SettingsUpdate()).getValues());

            InferenceException error = Expect.failure(
                    Status.UNIMPLEMENTED,
                    Origin.SERVER,
                    () -> client.updateTraceSettings("", new SettingsUpdate().set("trace_file", "x")));
            Expect.message(error, "trace file location can not be updated");
            Expect.failure(
                    Status.INVALID_ARGUMENT,
                    Origin.SERVER,
                    () -> client.updateTraceSettings("", new SettingsUpdate().set("trace_rate", "x")));
            Expect.failure(Status.INVALID_ARGUMENT, Origin.SERVER, () -> client.getTraceSettings("no_such"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void logSettingsHaveTheirKinds(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            Settings before = client.getLogSettings();
            assertTrue(before.get("log_info").getBool());
            assertEquals(0, before.get("log_verbose_level").getNumber());
            assertEquals("default", before.get("log_format").getText());
            assertEquals(
                    List.of("log_error", "log_file", "log_format", "log_info", "log_verbose_level", "log_warning"),
                    new ArrayList<>(before.getValues().keySet()));
            IllegalStateException other =
                    assertThrows(IllegalStateException.class, () -> before.get("log_info").getNumber());
            assertEquals("the setting is of kind BOOL, not NUMBER", other.getMessage());

            Settings changed = client.updateLogSettings(new SettingsUpdate()
                    .set("log_verbose_level", 1)
                    .set("log_format", "ISO8601")
                    .set("log_warning", false));
            assertEquals(changed.getValues(), client.getLogSettings().getValues());
            assertEquals(1, changed.get("log_verbose_level").getNumber());
            assertEquals("ISO8601", changed.get("log_format").getText());
            assertFalse(changed.get("log_warning").getBool());
            Settings restored = client.updateLogSettings(new SettingsUpdate()
                    .set("log_verbose_level", 0)
                    .set("log_format", "default")
                    .set("log_warning", true));
            assertEquals(before.getValues(), restored.getValues());

            Expect.failure(
                    Status.UNIMPLEMENTED,
                    Origin.SERVER,
                    () -> client.updateLogSettings(new SettingsUpdate().set("log_file", "x")));
            // Triton ignores an unknown setting.
            assertEquals(
                    before.getValues(),
                    client.updateLogSettings(new SettingsUpdate().set("no_such", true)).getValues());
        }
    }

    @Test
    void invalidChangesAreRefusedWithoutARequest() throws Exception {
        try (CannedServer server = CannedServer.silent()) {
            for (Protocol protocol : Protocol.values()) {
                try (InferenceServerClient client = new InferenceServerClient(protocol.url(server.address()))) {
                    for (SettingsUpdate update : List.of(
                            new SettingsUpdate().clear("log_info"),
                            new SettingsUpdate().set("log_info", List.of("a")),
                            new SettingsUpdate().set("log_info", List.of()),
                            new SettingsUpdate().set("log_info", -1),
                            new SettingsUpdate().set("log_info", 1L << 32))) {
                        InferenceException error = Expect.failure(
                                Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.updateLogSettings(update));
                        Expect.message(error, "'log_info'");
                    }
                    Expect.failure(
                            Status.INVALID_ARGUMENT,
                            Origin.ARGUMENT,
                            () -> client.updateTraceSettings("", new SettingsUpdate().set("", true)));
                    assertEquals(0, client.getConnectionCounts().getOpened());
                }
            }
        }
        assertThrows(NullPointerException.class, () -> new SettingsUpdate().set("a", (String) null));
        assertThrows(NullPointerException.class, () -> new SettingsUpdate().clear(null));
    }
}
