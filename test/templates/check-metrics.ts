import { findMetric } from './known-metric.ts';
import { listPlaces } from './list-uses.ts';
import type { Template } from './parse-template.ts';
import type { ResourceSchema } from './resource-schema.ts';

type Metrics = Pick<ResourceSchema, 'metric'>;

interface Widget {
  type?: unknown;
  x?: unknown;
  y?: unknown;
  width?: unknown;
  height?: unknown;
  properties?: { region?: unknown; metrics?: unknown; stat?: unknown };
}

const statistic = /^(Average|Sum|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d+)?)$/;

/**
 * Alarms and dashboards that would show nothing and not say so: a metric that no service writes, dimensions under which
 * it has no value, a body that is not JSON.
 */
export function checkMetrics(template: Template, schema: Metrics): string[] {
  return Object.entries(template.Resources).flatMap(([name, { Type, Properties }]) => {
    const at = `Resources.${name}`;
    if (Type === 'AWS::CloudWatch::Dashboard') return checkDashboard(at, Properties['DashboardBody'], schema);
    if (Type !== 'AWS::CloudWatch::Alarm') return [];
    const { Namespace, MetricName, Dimensions = [], Statistic, ExtendedStatistic, DatapointsToAlarm = 1, EvaluationPeriods } = Properties;
    const dimensions = [Dimensions].flat().map((dimension): [string, unknown] => {
      const { Name, Value } = (dimension ?? {}) as { Name?: unknown; Value?: unknown };
      return [String(Name), Value];
    });
    return [
      ...checkMetric(at, String(Namespace), String(MetricName), dimensions, schema),
      ...checkStatistic(at, Statistic ?? ExtendedStatistic),
      ...(Number(DatapointsToAlarm) > Number(EvaluationPeriods) ? [`${at}: DatapointsToAlarm is above EvaluationPeriods`] : []),
    ];
  });
}

function checkMetric(at: string, namespace: string, name: string, given: readonly [string, unknown][], schema: Metrics): string[] {
  const known = findMetric(namespace, name, schema);
  if (known === undefined) return [`${at}: no service writes a metric ${namespace} ${name}`];
  const fits = known.some(
    (dimensions) =>
      dimensions.length === given.length &&
      dimensions.every(({ name: wanted, value }) =>
        given.some(([key, found]) => key === wanted && (value === undefined || value === found)),
      ),
  );
  const wanted = known.map((dimensions) =>
    dimensions.map((each) => (each.value === undefined ? each.name : `${each.name}=${each.value}`)).join('+'),
  );
  const found = given.map(([key]) => key).join('+') || 'none';
  return fits ? [] : [`${at}: ${name} has no value with the dimensions ${found}; it has with ${wanted.join(' or ')}`];
}

function checkStatistic(at: string, found: unknown): string[] {
  return typeof found === 'string' && statistic.test(found) ? [] : [`${at}: ${JSON.stringify(found)} is not a statistic`];
}

function checkDashboard(at: string, body: unknown, schema: Metrics): string[] {
  const sub = typeof body === 'object' && body !== null && 'Fn::Sub' in body ? body['Fn::Sub'] : body;
  const [text] = [sub].flat();
  if (typeof text !== 'string') return [`${at}: DashboardBody is not text`];
  const filled = listPlaces(text).reduce((left, place) => left.replace(`\${${place}}`, 'filled'), text);
  let widgets: Widget[];
  try {
    ({ widgets } = JSON.parse(filled) as { widgets: Widget[] });
  } catch (error) {
    return [`${at}: DashboardBody is not JSON: ${(error as Error).message}`];
  }
  if (!Array.isArray(widgets) || widgets.length === 0) return [`${at}: the dashboard has no widgets`];
  const odd = widgets.findIndex((widget) => typeof widget !== 'object' || widget === null);
  if (odd >= 0) return [`${at}.widgets.${odd}: must be a mapping`];
  return widgets.flatMap((widget, index) => [
    ...checkPlace(`${at}.widgets.${index}`, widget, widgets.slice(0, index)),
    ...checkWidget(`${at}.widgets.${index}`, widget, schema),
  ]);
}

function checkWidget(at: string, widget: Widget, schema: Metrics): string[] {
  const { type } = widget;
  const properties = widget.properties ?? {};
  if (typeof properties !== 'object') return [`${at}: properties must be a mapping`];
  if (type === 'alarm') return 'alarms' in properties ? [] : [`${at}: an alarm widget needs alarms`];
  if (type !== 'metric') return [`${at}: ${JSON.stringify(type)} is not a kind of widget that this check knows`];
  if (typeof properties.region !== 'string') return [`${at}: a metric widget needs its region`];
  if (!Array.isArray(properties.metrics) || properties.metrics.length === 0) return [`${at}: a metric widget needs metrics`];
  return (properties.metrics as unknown[]).flatMap((given, index) => {
    const row = [given].flat();
    const texts = row.filter((item) => typeof item === 'string');
    const options = row.find((item) => typeof item === 'object') as { stat?: unknown } | null | undefined;
    const [namespace = '', name = '', ...rest] = texts;
    const dimensions = rest.flatMap((key, place): [string, unknown][] => (place % 2 === 0 ? [[key, rest[place + 1]]] : []));
    const where = `${at}.metrics.${index}`;
    return [...checkMetric(where, namespace, name, dimensions, schema), ...checkStatistic(where, options?.stat ?? properties.stat)];
  });
}

/** CloudWatch's grid is 24 wide (CloudWatch API reference, CloudWatch-Dashboard-Body-Structure.html). */
function checkPlace(at: string, widget: Widget, before: readonly Widget[]): string[] {
  const place = boundsOf(widget);
  if (place.some((edge) => !Number.isInteger(edge) || edge < 0) || place[1] > 24) return [`${at}: must lie inside a grid of 24 columns`];
  const [left, right, top, bottom] = place;
  const isCovered = before.map(boundsOf).some(([l, r, t, b]) => left < r && l < right && top < b && t < bottom);
  return isCovered ? [`${at}: lies over another widget`] : [];
}

function boundsOf({ x, y, width, height }: Widget): [left: number, right: number, top: number, bottom: number] {
  const [left, top] = [Number(x), Number(y)];
  return [left, left + Number(width), top, top + Number(height)];
}
