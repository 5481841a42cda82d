package org.tritonclient.examples.spark;

import java.io.IOException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Scores a DataFrame with the model {@code simple}: the columns {@code a} and {@code b} are its inputs, the new column
 * {@code sum} is its first output. All other columns are kept.
 *
 * <p>Arguments: URL of the server, Parquet files to read, folder to write.
 */
public final class ScoreDataFrame {
    private ScoreDataFrame() {}

    /** Runs the job. Submit it with {@code spark-submit}; see README.md. */
    public static void main(String[] args) throws IOException {
        if (args.length != 3) {
            throw new IllegalArgumentException("usage: ScoreDataFrame URL INPUT OUTPUT");
        }
        try (SparkSession spark = SparkSession.builder().appName("ScoreDataFrame").getOrCreate()) {
            score(spark.read().parquet(args[1]), args[0]).write().parquet(args[2]);
        }
    }

    /**
     * Adds the column {@code sum}. As every transformation it is lazy: the model runs with each action, unless the
     * result is cached.
     *
     * @param rows the rows; their columns {@code a} and {@code b} are arrays of 16 integers
     * @param url  the server's URL, as the executors reach it
     */
    public static Dataset<Row> score(Dataset<Row> rows, String url) {
        StructType schema = rows.schema().add("sum", DataTypes.createArrayType(DataTypes.IntegerType, false), false);
        // to(): mapPartitions drops the metadata of the columns, although the encoder has it.
        return rows.mapPartitions(new ScorePartition(url), Encoders.row(schema)).to(schema);
    }
}
