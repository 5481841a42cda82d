package org.tritonclient;

/**
 * All classes of this package. They are loaded with the native library: an application that ends closes its class
 * loader while calls are under way, and a class that is first needed then is a NoClassDefFoundError. The call would
 * not complete, or its cancellation would look like a fault. They are initialised too: a class whose initialisation
 * fails because the heap is full is lost for good.
 */
final class PackageClasses {
    private static final Class<?>[] TOP = {
        BatchStatistics.class, BytesElements.class, CallHeaders.class, CallInterruption.class, CallOptions.class,
        CallTimes.class, CancelToken.class, Classification.class, Cleaning.class, ClientCore.class, ClientOptions.class,
        ClientStatistics.class, Completions.class, Compression.class, ConnectionCounts.class, ControlPlane.class,
        DataType.class, DurationKind.class, Durations.class, ElfFile.class, EventPump.class, Finality.class,
        FullHeap.class, GenerateEvents.class, GenerateHandler.class, Generated.class, Halves.class, HandlerSink.class,
        HeaderCallback.class, Headers.class, InferFuture.class, InferInput.class, InferOutcome.class, InferOutput.class,
        InferRequest.class, InferRequestedOutput.class, InferResult.class, InferStream.class, InferenceException.class,
        InferenceServerClient.class, InputData.class, Interruption.class, Interruptions.class, LibraryCopy.class,
        LibrarySource.class, LittleEndian.class, LoadFailure.class, LoadReport.class, LoadReportFormat.class,
        MemoryUsage.class, Messages.class, MetricSample.class, Metrics.class, ModelConfig.class, ModelMetadata.class,
        ModelStatistics.class, ModelStatisticsList.class, Native.class, NativeHandle.class, NativeLibrary.class,
        NativeLibraryException.class, NativeLog.class, NativePlatform.class, NativeStream.class, Origin.class,
        Outcome.class, PackageClasses.class, PackedRequest.class, Parameters.class, Receiver.class, Receivers.class,
        RecordReader.class, RecordWriter.class, RepositoryIndex.class, RepositoryModel.class, RepositoryOptions.class,
        ResponseStatistics.class, ResultBudget.class, ResultMemory.class, SequenceBatching.class, ServerMetadata.class,
        ServingStatus.class, SettingValue.class, Settings.class, SettingsUpdate.class, StatisticDuration.class,
        Status.class, StreamEvent.class, StreamHandler.class, StreamOptions.class, StreamPublisher.class,
        TensorBuffer.class, TensorConfig.class, TensorMetadata.class, Threads.class, Timeout.class, TlsVersion.class,
        VersionPolicy.class,
    };

    /** Those that {@link Class#getDeclaredClasses} leaves out. */
    private static final String[] ANONYMOUS = {"InferResult$1", "VersionPolicy$1"};

    private PackageClasses() {}

    /** Loads and initialises them. */
    static void load() {
        for (Class<?> type : TOP) {
            loadNested(type);
        }
        String prefix = PackageClasses.class.getPackageName() + ".";
        for (String name : ANONYMOUS) {
            initialise(prefix + name);
        }
    }

    private static void loadNested(Class<?> type) {
        initialise(type.getName());
        for (Class<?> nested : type.getDeclaredClasses()) {
            loadNested(nested);
        }
    }

    private static void initialise(String name) {
        try {
            Class.forName(name, true, PackageClasses.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new NoClassDefFoundError(name);
        }
    }
}
