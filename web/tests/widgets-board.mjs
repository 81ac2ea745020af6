// A dashboard with every type of widget on the demo plant.

/** Returns the body of the dashboard; `tag` gives the id of a path. */
export async function boardOf(server) {
  const { items } = await server.call('GET', 'tags?limit=1000');
  const ids = new Map(items.map(({ path, id }) => [path, id]));
  const bind = (...paths) =>
    paths.map((path) => {
      if (!ids.has(path)) throw new Error(`no tag ${path}`);
      return { tag: ids.get(path) };
    });
  const tile = (type, x, y, w, h, bindings, more = {}) => ({
    type,
    x,
    y,
    w,
    h,
    bindings,
    ...more,
  });
  const boiler = 'demo/heating/boiler';
  const tank = 'demo/water/tank';
  const pump = (n) => `demo/water/pump${n}`;
  const power = 'demo/power/meter';
  return {
    name: 'Every type',
    groups: [
      {
        name: 'Values',
        widgets: [
          tile(
            'value',
            0,
            0,
            3,
            2,
            bind(`${boiler}/supply_temperature`, `${boiler}/supply_setpoint`),
            {
              title: 'Supply',
              value: { rate: true, write: true },
              trend: { enabled: true },
            },
          ),
          tile('gauge', 3, 0, 2, 2, bind(`${boiler}/supply_temperature`), {
            title: 'Bar gauge',
            limits: { source: 'own', low: 20, high: 60, high_high: 100 },
            gauge: { target: 50 },
          }),
          tile('gauge', 5, 0, 2, 2, bind(`${tank}/level`, `${tank}/level_setpoint`), {
            title: 'Half circle',
            gauge: { style: 'half_circle' },
          }),
          tile('status', 7, 0, 2, 1, bind(`${boiler}/burner_on`), { title: 'Burner' }),
          tile('status', 7, 1, 2, 1, bind('demo/power/inverter/insulation_warning'), {
            title: 'Insulation',
            states: {
              rows: [
                { value: true, text: 'Warning', symbol: 'warning', severity: 2 },
                { value: false, text: 'Sound' },
              ],
            },
          }),
          tile('text', 9, 0, 3, 1, [], { description: '# Heading\n**bold** note' }),
          tile('value', 9, 1, 3, 1, bind(`${power}/active_power`), {
            title: 'To alarms',
            link: '/alarms',
          }),
        ],
      },
      {
        name: 'Charts',
        widgets: [
          tile(
            'line',
            0,
            0,
            12,
            3,
            bind(`${boiler}/supply_temperature`, `${tank}/level`).map((one, at) => ({
              ...one,
              right: at === 1,
            })),
            {
              title: 'Two axes',
              show_legend: true,
              trend: { range_min: 5 },
              limits: { source: 'own', high: 60 },
              chart: {
                style: 'area',
                limits: true,
                events: true,
                right: { mode: 'static', min: 0, max: 100 },
              },
            },
          ),
          tile('line', 0, 3, 12, 2, bind(`${boiler}/supply_temperature`), {
            title: 'Beside it',
            trend: { range_min: 5 },
          }),
        ],
      },
      {
        name: 'Bars and states',
        widgets: [
          tile(
            'bar',
            0,
            0,
            4,
            3,
            bind(`${power}/current_l1`, `${power}/current_l2`, `${power}/current_l3`),
            {
              title: 'Sorted',
              bars: { sort: 'descending' },
            },
          ),
          tile('bar', 4, 0, 4, 3, bind(`${power}/current_l1`, `${power}/current_l2`), {
            title: 'Each hour',
            bars: { by: 'hour', count: 6, stacked: true, figure: 'maximum' },
          }),
          tile('bar', 8, 0, 4, 3, bind(`${power}/current_l1`, `${power}/current_l2`), {
            title: 'Parts',
            bars: { stacked: true },
          }),
          tile('bar', 6, 9, 6, 3, bind(`${power}/current_l1`), {
            title: 'Each shift',
            bars: { by: 'shift', count: 9, shift_start: '05:30', shift_hours: 12 },
          }),
          tile('state_timeline', 0, 3, 12, 2, bind(`${pump(1)}/run`, `${boiler}/burner_on`), {
            title: 'Machines',
            trend: { range_min: 5 },
          }),
          tile('status_grid', 0, 5, 6, 3, [], {
            title: 'All switches',
            filter: { pattern: 'demo/**/*_*' },
            states: { rows: [{ value: false, text: 'off', severity: 3 }] },
          }),
          tile('table', 6, 5, 6, 4, [], {
            title: 'Water',
            filter: { pattern: 'demo/water/**' },
            table: { columns: ['name', 'value', 'quality', 'age', 'alarm'] },
          }),
        ],
      },
      {
        name: 'Acts',
        widgets: [
          tile('alarm_list', 0, 0, 6, 3, [], {
            title: 'Alarms of water',
            alarm_list: { area: 'demo' },
          }),
          tile('setpoint', 6, 0, 3, 1, bind(`${tank}/level_setpoint`), { title: 'Level' }),
          tile('setpoint', 9, 0, 3, 1, bind(`${boiler}/supply_setpoint`), {
            title: 'Slide',
            setpoint: { control: 'slider', step: 1 },
          }),
          tile('setpoint', 6, 1, 3, 1, bind(`${pump(1)}/speed_setpoint`), {
            title: 'Speed',
            setpoint: {
              control: 'select',
              choices: [
                { value: 0, text: 'Stop' },
                { value: 1450, text: 'Half' },
              ],
              confirm: 'tick',
            },
          }),
          tile('button', 9, 1, 2, 1, bind(`${tank}/inlet_valve`), {
            title: 'Valve',
            button: { action: 'toggle', label: 'Open or close' },
          }),
          tile('button', 6, 2, 3, 1, bind(`${pump(2)}/run`), {
            title: 'Jog',
            button: { action: 'hold', value: true, release: false },
          }),
          tile('button', 9, 2, 2, 1, bind(`${boiler}/pump_enable`), {
            title: 'Start',
            button: { value: true },
          }),
          tile('frame', 0, 3, 6, 1, [], { title: 'Elsewhere' }),
        ],
      },
    ],
  };
}
