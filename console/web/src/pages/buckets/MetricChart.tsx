import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import LineChart from "@cloudscape-design/components/line-chart";
import type { Point, Range } from "../../api/cloudwatch.ts";
import type { Metric } from "../../model/metrics.ts";

interface Properties {
  readonly metric: Metric;
  readonly range: Range;
  readonly series: readonly { readonly title: string; readonly points: readonly Point[] }[];
}

const HEIGHT = 180;

export function MetricChart({ metric, range, series }: Properties) {
  const filled = series.filter((each) => each.points.length > 0);
  const highest = Math.max(0, ...filled.flatMap((each) => each.points.map((point) => point.value)));
  return (
    <Container
      header={
        <Header variant="h3" description={metric.description}>
          {metric.title}
        </Header>
      }
    >
      <LineChart<Date>
        series={filled.map((each) => ({
          title: each.title,
          type: "line" as const,
          data: drawn(each.points, range.periodS),
          valueFormatter: (value: number) => metric.format(value),
        }))}
        xScaleType="time"
        xDomain={[range.start, range.end]}
        yDomain={[0, highest === 0 ? 1 : highest * 1.1]}
        xTitle="Time"
        yTitle={metric.unit}
        height={HEIGHT}
        hideFilter
        hideLegend={filled.length <= 1}
        ariaLabel={metric.title}
        i18nStrings={{
          xTickFormatter: (moment) => tick(moment, range),
          yTickFormatter: (value) => metric.format(value),
          chartAriaRoleDescription: "line chart",
        }}
        empty={
          <Box textAlign="center" color="inherit">
            No data in this time range.
          </Box>
        }
      />
    </Container>
  );
}

/** A point stands for the period after it: a single one is drawn as long as that, else nothing would be seen of it. */
function drawn(points: readonly Point[], periodS: number) {
  const data = points.map((point) => ({ x: point.at, y: point.value }));
  const only = points.length === 1 ? points[0] : undefined;
  return only ? [...data, { x: new Date(only.at.getTime() + periodS * 1000), y: only.value }] : data;
}

function tick(moment: Date, range: Range): string {
  const days = (range.end.getTime() - range.start.getTime()) / 86_400_000;
  return days > 1
    ? moment.toLocaleDateString("en-US", { month: "short", day: "numeric" })
    : moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
