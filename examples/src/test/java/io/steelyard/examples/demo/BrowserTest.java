package io.steelyard.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.steelyard.stage.Stages;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.By;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The page as a person sees and clicks it, in Chromium; skipped where there is none. */
@Tag("long")
@Timeout(300)
class BrowserTest {
  private static final Events events = new Events(event -> {});
  private static Setup setup;
  private static Page page;
  private static ChromeDriver browser;

  @BeforeAll
  static void open() throws Exception {
    Optional<File> chromium = program("chromium", "google-chrome");
    Optional<File> driver = program("chromedriver");
    assumeTrue(chromium.isPresent() && driver.isPresent(), "no chromium and chromedriver on PATH");
    setup =
        Setup.start(
            Options.parse(),
            new Cluster.Pace(Duration.ofDays(1), Duration.ofMillis(200), Duration.ofMillis(200)),
            Stages.ejection(3, Duration.ofSeconds(1), Duration.ofSeconds(5)).panicBelow(0.5),
            text -> events.add("cluster", text),
            events::snapshot);
    setup.cluster().scale(5);
    setup.measure(second -> {});
    setup.load().resume();
    page = Page.serve(0, setup, events);
    browser =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(driver.get())
                .usingAnyFreePort()
                .build(),
            options(chromium.get()));
    browser.executeCdpCommand( // what is seen, without the window's frame
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", 1280, "height", 800, "deviceScaleFactor", 1, "mobile", false));
    browser.get(page.url());
  }

  private static ChromeOptions options(File chromium) {
    LoggingPreferences logging = new LoggingPreferences();
    logging.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium);
    options.addArguments(
        "--headless",
        "--no-sandbox", // root may not start it otherwise
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync");
    options.setCapability(ChromeOptions.LOGGING_PREFS, logging);
    return options;
  }

  private static Optional<File> program(String... names) {
    return Arrays.stream(names)
        .flatMap(
            name ->
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                    .map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .map(Path::toFile)
        .findFirst();
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.quit();
    }
    if (page != null) {
      page.close();
      setup.close();
    }
  }

  @Test
  void aPersonSeesTheClusterAndChangesIt() {
    until("the service", () -> text("#service-selector").equals("app=cart"));
    until("the controller", () -> text("#watch-state").equals("LIVE"));
    int wanted = Integer.parseInt(text("#replicas"));
    until("a row for each pod", () -> pods().size() == wanted);
    until("requests to every pod", () -> pods().stream().allMatch(row -> rate(row) > 0));
    until("charts", () -> browser.findElements(By.cssSelector("#rates polygon")).size() >= wanted);

    for (Choice choice : Choice.values()) {
      strategy(choice.title()).click();
      until(
          choice.title() + " in force",
          () ->
              strategy(choice.title()).getDomAttribute("aria-checked").equals("true")
                  && text("#explanation").contains(choice.strategy().toString()));
    }

    click("#scale-up");
    until("one more pod", () -> pods().size() == wanted + 1);

    String killed = name(pods().get(0));
    click("#pods [aria-label='Kill " + killed + "']");
    until(killed + " ejected", () -> row(killed).contains("ejected"));
    click("#pods [aria-label='Revive " + killed + "']");
    until(killed + " back", () -> row(killed).contains("in use, weight 1"));

    String heavy = name(pods().get(1));
    click("#pods [aria-label='Give " + heavy + " weight 5']");
    until(heavy + " weighs 5", () -> row(heavy).contains("in use, weight 5"));

    String drained = name(pods().get(2));
    click("#pods [aria-label='Drain " + drained + "']");
    until(drained + " gone", () -> row(drained).isEmpty());

    while (Integer.parseInt(text("#replicas")) > 0) {
      int now = Integer.parseInt(text("#replicas"));
      click("#scale-down");
      until("one less", () -> Integer.parseInt(text("#replicas")) == now - 1);
    }
    until("no pods", () -> browser.findElement(By.id("no-pods")).isDisplayed());
    until("losses are shown", () -> !text("#lost").equals("0"));
    click("#scale-up");
    until("a pod again", () -> pods().size() == 1 && rate(pods().get(0)) > 0);

    assertThat(
            (Boolean)
                browser.executeScript("return document.documentElement.scrollHeight > innerHeight"))
        .as("the page fits 1280 × 800")
        .isFalse();
    List<LogEntry> complaints = browser.manage().logs().get(LogType.BROWSER).getAll();
    assertThat(complaints).as("what the browser complains about").isEmpty();
  }

  @Test
  void oneRequestIsAnsweredOnAPageOfItsOwn() {
    String here = browser.getWindowHandle();
    setup.cluster().scale(3);
    until("pods", () -> pods().size() == 3);
    click("a[href='/call']");
    until("a new page", () -> browser.getWindowHandles().size() == 2);
    browser.getWindowHandles().stream()
        .filter(handle -> !handle.equals(here))
        .forEach(handle -> browser.switchTo().window(handle));
    try {
      until("an answer", () -> text(".who").matches("cart-\\d+"));
    } finally {
      browser.close();
      browser.switchTo().window(here);
    }
  }

  private interface Condition {
    boolean holds();
  }

  /** Rows are replaced while they are read: whatever was stale is read again. */
  private static void until(String what, Condition condition) {
    new WebDriverWait(browser, Duration.ofSeconds(30), Duration.ofMillis(100))
        .ignoring(StaleElementReferenceException.class, IndexOutOfBoundsException.class)
        .withMessage(() -> what + "; the page: " + text("body"))
        .until(it -> condition.holds());
  }

  private static void click(String selector) {
    browser.findElement(By.cssSelector(selector)).click();
  }

  private static String text(String selector) {
    return browser.findElement(By.cssSelector(selector)).getText();
  }

  private static WebElement strategy(String title) {
    return first("#choices [role=radio]", choice -> choice.getText().equals(title));
  }

  private static List<WebElement> pods() {
    return browser.findElements(By.cssSelector("#pods tr"));
  }

  private static String name(WebElement row) {
    return row.findElement(By.className("pod")).getText();
  }

  private static double rate(WebElement row) {
    return Double.parseDouble(row.findElement(By.cssSelector(".rate span")).getText());
  }

  /** What is said of a pod, or nothing if it has no row. */
  private static String row(String pod) {
    return pods().stream()
        .filter(row -> name(row).equals(pod))
        .map(WebElement::getText)
        .findFirst()
        .orElse("");
  }

  private static WebElement first(String selector, Predicate<WebElement> which) {
    return browser.findElements(By.cssSelector(selector)).stream()
        .filter(which)
        .findFirst()
        .orElseThrow();
  }
}
