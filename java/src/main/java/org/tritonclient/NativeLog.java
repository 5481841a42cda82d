package org.tritonclient;

/** Passes the log messages of the native side to a logger. */
final class NativeLog {
    private static final System.Logger.Level[] LEVELS = {
        // A failure that nobody learns of otherwise.
        System.Logger.Level.ERROR,
        // Each of these ends in an exception too, or in a second attempt: a program does not show it by default.
        System.Logger.Level.DEBUG,
        // Connections and calls.
        System.Logger.Level.DEBUG,
        System.Logger.Level.DEBUG,
        System.Logger.Level.TRACE,
    };

    private final System.Logger logger;

    NativeLog(System.Logger logger) {
        this.logger = logger;
    }

    /** Returns the number of the finest level that the logger accepts now; 0 if it accepts none. */
    int level() {
        for (int number = LEVELS.length; number > 0; number--) {
            if (logger.isLoggable(LEVELS[number - 1])) {
                return number;
            }
        }
        return 0;
    }

    void write(int level, String target, String message) {
        if (level >= 1 && level <= LEVELS.length) {
            logger.log(LEVELS[level - 1], () -> target + ": " + message);
        }
    }

    /** Logs what code of the user threw, where nobody can catch it. Throws nothing. */
    void failure(String message, Throwable cause) {
        try {
            logger.log(System.Logger.Level.ERROR, message, cause);
        } catch (Throwable failure) {
            // Nothing is left to report it to.
        }
    }
}
