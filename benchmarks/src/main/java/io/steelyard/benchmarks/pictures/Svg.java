package io.steelyard.benchmarks.pictures;

import java.util.Locale;

/** An SVG image in the making: a light ground, a title, and what is drawn on it. */
final class Svg {
  static final int WIDTH = 760;

  /** Told apart by eyes of all kinds (Okabe and Ito, "Color Universal Design", 2008). */
  private static final String[] COLOURS = {
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
  };

  private final int height;
  private final StringBuilder body = new StringBuilder();

  Svg(String title, int height) {
    this.height = height;
    body.append("<title>").append(escaped(title)).append("</title>\n");
    body.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    text(16, 26, title, "font-size=\"15\" font-weight=\"600\" fill=\"#222222\"");
  }

  static String colour(int endpoint) {
    return COLOURS[endpoint % COLOURS.length];
  }

  void label(double x, double y, String text) {
    text(x, y, text, "font-size=\"12\" fill=\"#444444\"");
  }

  void labelAtRight(double x, double y, String text) {
    text(x, y, text, "font-size=\"12\" fill=\"#444444\" text-anchor=\"end\"");
  }

  void box(double x, double y, double width, double height, String fill) {
    body.append(
        format(
            "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>%n",
            number(x), number(y), number(width), number(height), fill));
  }

  void dot(double x, double y, double radius, String fill) {
    body.append(
        format(
            "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" fill=\"%s\"/>%n",
            number(x), number(y), number(radius), fill));
  }

  void line(double x1, double y1, double x2, double y2, String style) {
    body.append(
        format(
            "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" %s/>%n",
            number(x1), number(y1), number(x2), number(y2), style));
  }

  /** A polygon or a line through points, given as {@code x,y x,y …}. */
  void path(String points, String style) {
    body.append(format("<polyline points=\"%s\" %s/>%n", points.trim(), style));
  }

  static String number(double value) {
    long tenths = Math.round(value * 10);
    return tenths % 10 == 0
        ? Long.toString(tenths / 10)
        : tenths / 10 + "." + Math.abs(tenths % 10);
  }

  private void text(double x, double y, String text, String style) {
    body.append(
        format(
            "<text x=\"%s\" y=\"%s\" %s>%s</text>%n", number(x), number(y), style, escaped(text)));
  }

  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format.replace("%n", "\n"), arguments);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  @Override
  public String toString() {
    return format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                + " viewBox=\"0 0 %d %d\" font-family=\"Helvetica, Arial, sans-serif\">%n",
            WIDTH, height, WIDTH, height)
        + body
        + "</svg>\n";
  }
}
