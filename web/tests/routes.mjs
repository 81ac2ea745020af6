// Every route of the pages, on a plant with something to see on each of them.
import { place, problemsOf } from './helpers.mjs';

/** Time without a request after which a page has what it wants. */
const QUIET_MS = 120;
const STEP_MS = 20;
const PATIENCE_MS = 5_000;

/** Fills the demo plant; returns the path of every route by what it shows. */
export async function routesOf(server) {
  const supply = await server.tag('demo/heating/boiler/supply_setpoint');
  const level = await server.tag('demo/water/tank/level');
  const { items: connections } = await server.call('GET', 'connections');
  const { items: devices } = await server.call('GET', 'devices');
  const { asset, group } = await place(server, devices);
  // an alarm that is active from the beginning, so that the frame tells of it on every page
  const alarm = await server.call('POST', 'alarm-rules', {
    name: 'Too hot',
    tag: supply.id,
    condition: { kind: 'high', limit: -500 },
    priority: 1,
  });
  const way = await server.call('POST', 'routes', {
    name: 'To nobody',
    from: ['demo/**'],
    to: [{ kind: 'webhook', url: 'http://127.0.0.1:9/', tries: 1 }],
    rules: { max_per_minute: 5 },
  });
  await server.call('POST', 'dictionaries', {
    language: 'de',
    words: { level: 'Füllstand', pump_on: 'Pumpe läuft', 'of old': 'von früher' },
  });
  return {
    dashboard: '/',
    'dashboard with panel': `/?tag=${supply.id}`,
    'list of dashboards': '/d/all',
    tags: '/tags',
    tag: `/tags/${supply.id}`,
    'new tag': '/tags?do=add',
    'many tags': '/tags?do=bulk',
    connections: '/connections',
    connection: `/connections/${connections[0].id}`,
    'settings of a connection': `/connections/${connections[0].id}?tab=settings`,
    'raw log': `/connections/${connections[0].id}?tab=log`,
    'new connection': '/connections?do=add',
    devices: '/devices',
    device: `/devices/${devices[0].id}`,
    'settings of a device': `/devices/${devices[0].id}?tab=settings`,
    'tags of a device': `/devices/${devices[0].id}?tab=tags`,
    assets: '/plant',
    asset: `/plant/${asset}`,
    'devices without an asset': '/plant/unplaced',
    groups: '/groups',
    group: `/groups/${group}`,
    alarms: '/alarms',
    alarm: `/alarms?alarm=${alarm.id}`,
    'shelved alarms': '/alarms/shelved',
    'history of alarms': '/alarms/history',
    'statistics of alarms': '/alarms/statistics',
    'alarm rules': '/alarm-rules',
    routes: '/routes',
    route: `/routes/${way.id}`,
    'new route': '/routes/new',
    'dead letters': '/routes/dead-letters',
    channels: '/notification',
    'new channel': '/notification/channels/new',
    'new roster': '/notification/rosters/new',
    'new policy': '/notification/policies/new',
    'alarm rule': `/alarm-rules/${alarm.id}`,
    'new alarm rule': '/alarm-rules?do=add',
    changes: '/changes',
    bin: '/changes?tab=bin',
    trends: `/trends?tags=${supply.id},${level.id}`,
    'trends as a table': `/trends?tags=${supply.id}&view=table`,
    'trends with statistics': `/trends?tags=${supply.id},${level.id}&statistics=on`,
    'empty trends': '/trends',
    export: '/exchange',
    import: '/exchange?tab=import',
    storage: '/storage',
    'retention policies': '/storage?tab=retention',
    'new retention policy': '/storage?tab=retention&policy=new',
    events: '/storage?tab=events',
    backups: '/backups',
    health: '/health',
    'own account': '/account',
    users: '/users',
    'new user': '/users?do=add',
    tokens: '/tokens',
    'new token': '/tokens?do=add',
    'audit journal': '/audit',
    logs: '/logs',
    errors: '/errors',
    settings: '/settings',
    calculated: '/calculated',
    'new calculated tag': '/calculated?do=add',
    templates: '/templates',
    translations: '/translations?to=de',
    discovery: '/discovery',
    'tags from files': '/import',
    'no page': '/nothing',
  };
}

/** Waits until a page asks for nothing more, and has drawn what it got. */
async function settle({ page, pending }) {
  const begun = Date.now();
  let quietSince = begun;
  while (Date.now() - quietSince < QUIET_MS && Date.now() - begun < PATIENCE_MS) {
    await page.waitForTimeout(STEP_MS);
    if (0 < pending.size) quietSince = Date.now();
  }
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => drawn())));
}

/** Goes to a route and runs `check` there; returns what is wrong, with the name of the route. */
export async function visit(session, name, path, check) {
  // As a click on a link does it, which is much faster than loading everything again.
  await session.page.evaluate((next) => {
    history.pushState(null, '', next);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await settle(session);
  await session.page.locator('h1').waitFor();
  const found = [...(await check(session.page)), ...(await problemsOf(session))];
  session.problems.length = 0;
  return found.map((problem) => `${name}: ${problem}`);
}

/** Goes to every route; returns what is wrong with them. */
export async function visitAll(session, routes, check) {
  const found = [];
  for (const [name, path] of Object.entries(routes)) {
    found.push(...(await visit(session, name, path, (page) => check(page, name))));
  }
  return found;
}
