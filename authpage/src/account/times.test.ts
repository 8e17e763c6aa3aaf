import { describe, expect, it } from "vitest";
import { moment } from "./times";

const at = (month: number, day: number, hour: number) => new Date(2026, month, day, hour).getTime();

describe("a moment", () => {
  it("of today and yesterday is told by its time", () => {
    expect(moment(at(5, 10, 0), at(5, 10, 23))).toMatch(/^today at .*12/);
    expect(moment(at(5, 9, 23), at(5, 10, 0))).toMatch(/^yesterday at .*11/);
  });

  it("of another day by its day", () => {
    expect(moment(at(5, 8, 23), at(5, 10, 0))).toMatch(/^on .*8/);
    expect(moment(at(5, 12, 1), at(5, 10, 0))).toMatch(/^on .*12/);
  });

  it("is counted in days of the calendar where clocks are changed", () => {
    for (let day = 1; day <= 365; day += 1) {
      const [before, noon] = [new Date(2026, 0, day - 1, 12), new Date(2026, 0, day, 12)];
      expect(moment(before.getTime(), noon.getTime())).toMatch(/^yesterday/);
    }
  });
});
