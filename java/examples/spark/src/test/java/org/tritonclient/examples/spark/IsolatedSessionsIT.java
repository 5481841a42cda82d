package org.tritonclient.examples.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.tritonclient.examples.testing.TestServer;

/** Sessions with their own artifacts, as Spark Connect's are: each has a class loader in the same executor JVMs. */
class IsolatedSessionsIT {
    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = Cluster.start(); // no jars: the executors know the client from the sessions only
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void each_session_scores_with_its_own_copy_of_the_client() {
        Set<String> loaders = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            SparkSession session = spark.newSession();
            session.conf().set("spark.sql.artifact.isolation.enabled", "true");
            for (String jar : Cluster.jars()) {
                session.addArtifact(jar);
            }
            List<String> seen = ScoreDataFrame.score(Cluster.rows(session, 100, 4), TestServer.url("grpc"))
                    .mapPartitions((MapPartitionsFunction<Row, String>) rows -> {
                        rows.forEachRemaining(row -> {});
                        ClassLoader loader = SharedClient.class.getClassLoader();
                        String id = loader.getClass().getSimpleName() + "@" + System.identityHashCode(loader);
                        return List.of(SparkEnv.get().executorId() + " " + id).iterator();
                    }, Encoders.STRING())
                    .collectAsList();
            assertEquals(4, seen.size());
            loaders.addAll(seen);
        }
        assertEquals(2 * 3, loaders.size(), "two executors, three sessions: " + loaders);
    }
}
