package org.tritonclient.examples.spark;

import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.tritonclient.InferenceServerClient;

/** A cluster of one driver and two executors, each a JVM. */
final class Cluster {
    /** Two executors with one core and 1 GiB each. */
    static final String MASTER = "local-cluster[2,1,1024]";

    /** Not Snappy, the default: see findings/spark-parquet-fails-where-musl-is-installed.sh. */
    static final String[] UNCOMPRESSED = {"spark.sql.parquet.compression.codec", "uncompressed"};

    private Cluster() {}

    /** Starts the executors. The jars are what {@code spark-submit --jars} would name. */
    static SparkSession start(String... jars) {
        return SparkSession.builder()
                .master(MASTER)
                .appName("test")
                .config("spark.jars", String.join(",", jars))
                .config("spark.scheduler.minRegisteredResourcesRatio", "1.0") // jobs wait for both executors
                .config(UNCOMPRESSED[0], UNCOMPRESSED[1])
                .config("spark.ui.enabled", "false")
                .config("spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir") + "/warehouse")
                .getOrCreate();
    }

    /** Returns the jars that an executor needs: the example, the client, and the functions of the tests. */
    static String[] jars() {
        URL client = InferenceServerClient.class.getProtectionDomain().getCodeSource().getLocation();
        return new String[] {System.getProperty("example.jar"), client.getPath(), System.getProperty("tests.jar")};
    }

    /** Returns {@code count} rows of the columns id, name (null in each third row), a and b. */
    static Dataset<Row> rows(SparkSession spark, int count, int partitions) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Integer[] a = new Integer[16];
            Integer[] b = new Integer[16];
            for (int j = 0; j < 16; j++) {
                a[j] = i * 16 + j;
                b[j] = -j;
            }
            rows.add(RowFactory.create((long) i, i % 3 == 0 ? null : "row " + i, a, b));
        }
        Metadata unit = Metadata.fromJson("{\"source\":\"sensor 7\"}");
        StructType schema = new StructType(new StructField[] {
            new StructField("id", DataTypes.LongType, false, Metadata.empty()),
            new StructField("name", DataTypes.StringType, true, unit),
            new StructField("a", DataTypes.createArrayType(DataTypes.IntegerType), true, Metadata.empty()),
            new StructField("b", DataTypes.createArrayType(DataTypes.IntegerType), true, unit),
        });
        return spark.createDataFrame(rows, schema).repartition(partitions);
    }
}
