package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The code in the documentation is that of tested programs, and what the documentation names exists. */
class DocumentationTest {
    private static final Path ROOT = root();
    private static final Path SOURCES = ROOT.resolve("java/src/main/java/org/tritonclient");
    private static final List<Path> PAGES = List.of(
            ROOT.resolve("README.md"),
            ROOT.resolve("docs/java.md"),
            ROOT.resolve("docs/java-porting.md"),
            ROOT.resolve("docs/security.md"),
            ROOT.resolve("docs/connections.md"));

    /** A block of Java in a page. */
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```$");

    /** A block of code in a comment of Javadoc. */
    private static final Pattern JAVADOC_BLOCK = Pattern.compile("(?s)<pre>\\{@code\\n(.*?)\\n *\\* *\\}</pre>");

    /** {@code `Class.member`}, {@code `Class.Nested.member(...)`}. */
    private static final Pattern MEMBER = Pattern.compile("`([A-Z]\\w*(?:\\.[A-Z]\\w*)?)\\.([a-z]\\w*)[(`…]");

    /** A link to a file, or within the page. */
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]*)(#[^)]*)?\\)");

    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

    private static Path root() {
        Path folder = Paths.get("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/java.md"))) {
            folder = folder.getParent();
        }
        return folder;
    }

    private static List<Path> javaFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().collect(Collectors.toList());
        }
    }

    /** Returns the lines of a text without indentation at their start. */
    private static List<String> lines(String text) {
        return Arrays.stream(text.split("\n")).map(String::strip).collect(Collectors.toList());
    }

    private static List<String> blocks(Path file, Pattern pattern) throws IOException {
        List<String> blocks = new ArrayList<>();
        Matcher matcher = pattern.matcher(Files.readString(file));
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        return blocks;
    }

    /** Returns the top-level classes that users see. */
    private static List<Class<?>> publicClasses() throws Exception {
        List<Class<?>> classes = new ArrayList<>();
        for (Path file : javaFiles(SOURCES)) {
            String name = file.getFileName().toString().replace(".java", "");
            if (!name.equals("package-info")) {
                Class<?> type = Class.forName("org.tritonclient." + name, false, getClassLoader());
                if (Modifier.isPublic(type.getModifiers())) {
                    classes.add(type);
                }
            }
        }
        return classes;
    }

    private static ClassLoader getClassLoader() {
        return DocumentationTest.class.getClassLoader();
    }

    @Test
    void everyBlockOfCodeIsThatOfATestedProgram() throws IOException {
        List<Path> programs = new ArrayList<>(javaFiles(ROOT.resolve("java/examples")));
        programs.addAll(javaFiles(ROOT.resolve("java/src/test/java/guide")));
        Map<Path, List<String>> tested = new HashMap<>();
        for (Path program : programs) {
            tested.put(program, lines(Files.readString(program)));
        }
        Map<String, Path> blocks = new HashMap<>();
        for (Path page : PAGES) {
            for (String block : blocks(page, BLOCK)) {
                blocks.put(block, page);
            }
        }
        int inPages = blocks.size();
        assertTrue(inPages >= 10, inPages + " blocks in the pages");
        for (Path file : javaFiles(SOURCES)) {
            for (String block : blocks(file, JAVADOC_BLOCK)) {
                blocks.put(block.replaceAll("(?m)^ *\\* ?", ""), file);
            }
        }
        assertTrue(blocks.size() > inPages, "no blocks in the Javadoc");
        blocks.forEach((block, page) -> assertTrue(
                tested.values().stream().anyMatch(program -> contains(program, lines(block))),
                page + " has code that is in no tested program:\n" + block));
    }

    private static boolean contains(List<String> program, List<String> block) {
        return Collections.indexOfSubList(program, block) >= 0;
    }

    @Test
    void theReadmeHasTheWholeFirstExample() throws IOException {
        String program = Files.readString(ROOT.resolve("java/examples/Infer.java"));
        assertTrue(Files.readString(ROOT.resolve("README.md")).contains("```java\n" + program + "```\n"));
    }

    @Test
    void theGuideNamesEveryPublicClass() throws Exception {
        String guide = Files.readString(ROOT.resolve("docs/java.md"));
        List<String> missing = new ArrayList<>();
        for (Class<?> type : publicClasses()) {
            if (!Pattern.compile("\\b" + type.getSimpleName() + "\\b").matcher(guide).find()) {
                missing.add(type.getSimpleName());
            }
        }
        assertEquals(List.of(), missing, "docs/java.md does not name");
    }

    @Test
    void thePackageNamesEveryPublicClass() throws Exception {
        String overview = Files.readString(SOURCES.resolve("package-info.java")).replaceAll("\\s*\\n \\* *", " ");
        List<String> missing = new ArrayList<>();
        for (Class<?> type : publicClasses()) {
            if (!overview.contains("{@link " + type.getSimpleName() + "}")) {
                missing.add(type.getSimpleName());
            }
        }
        assertEquals(List.of(), missing, "package-info.java does not link to");
    }

    @Test
    void whatThePagesNameExists() throws Exception {
        int count = 0;
        TreeSet<String> unknown = new TreeSet<>();
        for (Path page : PAGES) {
            Matcher matcher = MEMBER.matcher(Files.readString(page));
            while (matcher.find()) {
                Class<?> type = find(matcher.group(1));
                if (type == null) {
                    continue; // of the JDK, or of upstream
                }
                count++;
                String member = matcher.group(2);
                if (Arrays.stream(type.getMethods()).noneMatch(method -> method.getName().equals(member))) {
                    unknown.add(type.getSimpleName() + "." + member);
                }
            }
        }
        assertTrue(count >= 40, count + " members");
        assertEquals(new TreeSet<>(), unknown);
    }

    private static Class<?> find(String name) {
        try {
            return Class.forName("org.tritonclient." + name.replace('.', '$'), false, getClassLoader());
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        for (Path page : PAGES) {
            Matcher matcher = LINK.matcher(Files.readString(page));
            while (matcher.find()) {
                Path target = matcher.group(1).isEmpty() ? page : page.resolveSibling(matcher.group(1)).normalize();
                assertTrue(Files.exists(target), page + " links to " + target);
                if (matcher.group(2) != null) {
                    assertTrue(anchors(target).contains(matcher.group(2)), page + " links to " + matcher.group());
                }
            }
        }
    }

    private static List<String> anchors(Path page) throws IOException {
        return HEADING.matcher(Files.readString(page)).results()
                .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
                .map(text -> "#" + text.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
                .collect(Collectors.toList());
    }
}
