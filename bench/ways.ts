import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { siteAt } from '../cli/options';
import { labEnvironment } from '../lab/enter';
import { type Lab, startLab } from '../lab/lab';
import { probe } from '../lab/prober';

const RUNS = Number(process.argv[2] ?? 5);
const ONLY = process.argv[3]?.split(',');
const OUT = process.argv[4] ?? '/tmp/lb/ways';

async function main() {
  const document = siteAt(join(__dirname, '..', 'sites', 'golden.json'));
  const lab = await startLab({ document, ...labEnvironment(), speed: 60 });
  const names = document.controllers.map(({ name }) => name);
  const { resource } = document.haproxy;
  const results: Record<string, Record<string, number>[]> = {};
  const sh = async (host: string, script: string) => {
    const { exitCode, stdout, stderr } = await lab.exec(host, ['bash', '-c', script]);
    if (exitCode !== 0) throw new Error(`${host}: ${script}: ${exitCode}: ${stderr}`);
    return stdout.trim();
  };
  const save = (name: string, text: string) => writeFileSync(`${OUT}-${lab.debian}-${name}.txt`, text);
  const running = async () =>
    (await Promise.all(names.map(async (n) => (await lab.exec(n, ['pgrep', '-x', 'haproxy'])).exitCode === 0))).filter(Boolean).length;
  const until = async (count: number, ms = 60000) => {
    const end = Date.now() + ms;
    while ((await running()) !== count) {
      if (Date.now() > end) throw new Error(`not ${count} haproxies`);
    }
    return Date.now();
  };
  let current = 0;
  const record = (name: string, row: Record<string, number>) => {
    if (current < 0) return;
    (results[name] ??= []).push(row);
    console.error(lab.debian, name, JSON.stringify(row));
  };
  const at = (seconds: number) => new Date((Math.floor(Date.now() / 1000) + seconds) * 1000);
  const iso = (d: Date) => d.toISOString().replace('T', ' ').replace('.000Z', 'Z');
  const metaXml = (end: Date, set = 'magnum-ha-cycle') =>
    `<primitive id="${resource}"><meta_attributes id="${set}"><rule id="${set}-rule" score="INFINITY"><date_expression id="${set}-end" operation="lt" end="${iso(end)}"/></rule><nvpair id="${set}-role" name="target-role" value="Stopped"/></meta_attributes></primitive>`;
  const locXml = (end: Date) =>
    `<rsc_location id="magnum-ha-cycle" rsc="clone_${resource}"><rule id="magnum-ha-cycle-rule" score="-INFINITY" boolean-op="and"><date_expression id="magnum-ha-cycle-end" operation="lt" end="${iso(end)}"/></rule></rsc_location>`;
  const quiet = async () => {
    await until(3);
    await lab.settled();
    await sleep(1500);
  };

  const ways: Record<string, (run: number) => Promise<void>> = {
    pcs: async () => {
      const end = await probe(lab);
      const t0 = Date.now();
      await sh('node-1', `pcs resource disable ${resource}`);
      const told = Date.now();
      const gone = await until(0);
      const t1 = Date.now();
      await sh('node-1', `pcs resource enable ${resource}`);
      const enabled = Date.now();
      const back = await until(3);
      await lab.settled();
      await sleep(300);
      const { longestMs } = await end();
      record('pcs', { outage: longestMs, disableCommand: told - t0, gone: gone - t0, enableCommand: enabled - t1, back: back - t1 });
    },
    attribute: async () => {
      const end = await probe(lab);
      const t0 = Date.now();
      await sh('node-1', `crm_resource -r ${resource} --meta -p target-role -v Stopped >/dev/null`);
      const told = Date.now();
      const gone = await until(0);
      const t1 = Date.now();
      await sh('node-1', `crm_resource -r ${resource} --meta -d target-role >/dev/null`);
      const enabled = Date.now();
      const back = await until(3);
      await lab.settled();
      await sleep(300);
      const { longestMs } = await end();
      record('attribute', { outage: longestMs, disableCommand: told - t0, gone: gone - t0, enableCommand: enabled - t1, back: back - t1 });
    },
    meta: async (run) => {
      const end = await probe(lab);
      const t0 = Date.now();
      await sh('node-1', `cibadmin -M -c -o resources --xml-text '${metaXml(at(120))}'`);
      const told = Date.now();
      const gone = await until(0);
      if (run === -1) {
        save('meta-crm_mon', await sh('node-1', 'crm_mon -1 -r; crm_mon -1 -r --output-as=xml; crm_simulate -L; cibadmin -Q -o resources; crm_resource -r p_haproxy --meta -g target-role; pcs status resources; pcs resource config p_haproxy; true'));
      }
      const t1 = Date.now();
      await sh('node-1', `cibadmin -D -o resources --xml-text '<meta_attributes id="magnum-ha-cycle"/>'`);
      const enabled = Date.now();
      const back = await until(3);
      await lab.settled();
      await sleep(300);
      const { longestMs } = await end();
      record('meta', { outage: longestMs, disableCommand: told - t0, gone: gone - t0, deleteCommand: enabled - t1, back: back - t1 });
    },
    metaExpires: async () => {
      const end = await probe(lab);
      const T = at(5);
      await sh('node-1', `cibadmin -M -c -o resources --xml-text '${metaXml(T)}'`);
      await until(0);
      const back = await until(3, 40000).catch(() => NaN);
      if (Number.isNaN(back)) await sh('node-1', `cibadmin -D -o resources --xml-text '<meta_attributes id="magnum-ha-cycle"/>'`);
      await lab.settled();
      await sleep(300);
      const { outages } = await end();
      const last = Math.max(...outages.map(({ to }) => to));
      record('metaExpires', { backAfterEnd: back - T.getTime(), answersAfterEnd: last - T.getTime() });
      await sh('node-1', `cibadmin -D -o resources --xml-text '<meta_attributes id="magnum-ha-cycle"/>'; true`);
    },
    location: async (run) => {
      const end = await probe(lab);
      const t0 = Date.now();
      await sh('node-1', `cibadmin -C -o constraints --xml-text '${locXml(at(120))}'`);
      const told = Date.now();
      const gone = await until(0);
      if (run === -1) {
        save('location-crm_mon', await sh('node-1', 'crm_mon -1 -r; crm_mon -1 -r --output-as=xml; crm_simulate -L; cibadmin -Q -o constraints; pcs constraint; true'));
      }
      const t1 = Date.now();
      await sh('node-1', `cibadmin -D -o constraints --xml-text '<rsc_location id="magnum-ha-cycle"/>'`);
      const enabled = Date.now();
      const back = await until(3);
      await lab.settled();
      await sleep(300);
      const { longestMs } = await end();
      record('location', { outage: longestMs, disableCommand: told - t0, gone: gone - t0, deleteCommand: enabled - t1, back: back - t1 });
    },
    locationExpires: async () => {
      const end = await probe(lab);
      const T = at(5);
      await sh('node-1', `cibadmin -C -o constraints --xml-text '${locXml(T)}'`);
      await until(0);
      const back = await until(3, 40000).catch(() => NaN);
      await sh('node-1', `cibadmin -D -o constraints --xml-text '<rsc_location id="magnum-ha-cycle"/>'`);
      await lab.settled();
      await sleep(300);
      const { outages } = await end();
      const last = Math.max(...outages.map(({ to }) => to));
      record('locationExpires', { backAfterEnd: back - T.getTime(), answersAfterEnd: last - T.getTime() });
    },
    metaStale: async () => {
      // A late one, whose T is over.
      const end = await probe(lab);
      await sh('node-1', `cibadmin -M -c -o resources --xml-text '${metaXml(at(-2))}'`);
      await sleep(3000);
      const { longestMs, lost } = await end();
      record('metaStale', { outage: longestMs, lost: lost.length });
      await sh('node-1', `cibadmin -D -o resources --xml-text '<meta_attributes id="magnum-ha-cycle"/>'; true`);
    },
    metaOwnerDies: async () => {
      const end = await probe(lab);
      const T = at(8);
      await sh('node-2', `cibadmin -M -c -o resources --xml-text '${metaXml(T)}'`);
      await until(0);
      await sh('node-2', 'pkill -KILL corosync; pkill -KILL pacemaker; true');
      const back = await until(2, 40000).catch(() => NaN);
      await sleep(1000);
      const { outages } = await end();
      const last = Math.max(...outages.map(({ to }) => to));
      record('metaOwnerDies', { backAfterEnd: back - T.getTime(), answersAfterEnd: last - T.getTime() });
      await sh('node-2', 'service corosync start > /dev/null; pacemakerd > /dev/null 2>&1 &');
      await until(3);
      await sh('node-1', `cibadmin -D -o resources --xml-text '<meta_attributes id="magnum-ha-cycle"/>'; true`);
      await lab.settled();
    },
    rolling: async (run) => {
      const tcp = await probe(lab);
      const http = await probe(lab, { path: '/v3', everyMs: 20 });
      const other = await probe(lab, { port: 8774, everyMs: 5 });
      const t0 = Date.now();
      const holder = await sh('node-1', `crm_resource -r vip__management -W 2>/dev/null | sed -nE 's/.*: ([a-z0-9-]+) *$/\\1/p' | head -1`);
      const order = [...names.filter((n) => n !== holder), holder];
      for (const name of order) {
        const asked = names.find((n) => n !== name) ?? '';
        await sh(asked, `crm_resource -r clone_${resource} --ban --node ${name} --lifetime PT60S`);
        const end = Date.now() + 30000;
        while ((await lab.exec(name, ['pgrep', '-x', 'haproxy'])).exitCode === 0 && Date.now() < end);
        if (run === -1 && name === holder) save('rolling-crm_mon', await sh(asked, 'crm_mon -1 -r; crm_mon -1 -r --output-as=xml; crm_simulate -L; cibadmin -Q -o constraints; pcs constraint'));
        await sh(asked, `crm_resource -r clone_${resource} --clear --node ${name}`);
        while ((await lab.exec(name, ['pgrep', '-x', 'haproxy'])).exitCode !== 0 && Date.now() < end);
        await lab.settled();
      }
      const done = Date.now();
      await sleep(1200);
      const [a, b, c] = [await tcp(), await http(), await other()];
      record('rolling', { outage: a.longestMs, lostTcp: a.lost.length, ofTcp: a.answers, outageHttp: b.longestMs, lostHttp: b.lost.length, ofHttp: b.answers, outageOther: c.longestMs, lostOther: c.lost.length, all: done - t0 });
    },
    rollingVipFirst: async () => {
      const tcp = await probe(lab);
      const http = await probe(lab, { path: '/v3', everyMs: 20 });
      const other = await probe(lab, { port: 8774, everyMs: 5 });
      const t0 = Date.now();
      const holder = await sh('node-1', `crm_resource -r vip__management -W 2>/dev/null | sed -nE 's/.*: ([a-z0-9-]+) *$/\\1/p' | head -1`);
      const order = [...names.filter((n) => n !== holder), holder];
      for (const name of order) {
        const asked = names.find((n) => n !== name) ?? '';
        const end = Date.now() + 30000;
        if (name === holder) {
          await sh(asked, `crm_resource -r vip__management --ban --node ${name} --lifetime PT60S`);
          while ((await sh(asked, `crm_resource -r vip__management -W 2>/dev/null | sed -nE 's/.*: ([a-z0-9-]+) *$/\\1/p' | head -1`)) === name && Date.now() < end);
        }
        await sh(asked, `crm_resource -r clone_${resource} --ban --node ${name} --lifetime PT60S`);
        while ((await lab.exec(name, ['pgrep', '-x', 'haproxy'])).exitCode === 0 && Date.now() < end);
        await sh(asked, `crm_resource -r clone_${resource} --clear --node ${name}`);
        while ((await lab.exec(name, ['pgrep', '-x', 'haproxy'])).exitCode !== 0 && Date.now() < end);
        await lab.settled();
      }
      const done = Date.now();
      await sleep(1200);
      const [a, b, c] = [await tcp(), await http(), await other()];
      record('rollingVipFirst', { outage: a.longestMs, lostTcp: a.lost.length, ofTcp: a.answers, outageHttp: b.longestMs, lostHttp: b.lost.length, ofHttp: b.answers, outageOther: c.longestMs, lostOther: c.lost.length, all: done - t0 });
      await sh('node-1', 'crm_resource -r vip__management --clear');
      await sleep(1500);
    },
    banExpires: async () => {
      const end = await probe(lab);
      const t0 = Date.now();
      const holder = await sh('node-1', `crm_resource -r vip__management -W 2>/dev/null | sed -nE 's/.*: ([a-z0-9-]+) *$/\\1/p' | head -1`);
      const name = names.find((n) => n !== holder) ?? '';
      await sh(holder, `crm_resource -r clone_${resource} --ban --node ${name} --lifetime PT5S`);
      await until(2);
      const back = await until(3, 40000).catch(() => NaN);
      const { lost } = await end();
      record('banExpires', { backAfterBan: back - t0, lost: lost.length });
      await sh(holder, `crm_resource -r clone_${resource} --clear`);
    },
  };

  for (const [name, way] of Object.entries(ways)) {
    if (ONLY && !ONLY.includes(name)) continue;
    for (let run = ['meta', 'location', 'rolling'].includes(name) ? -1 : 0; run < RUNS; run++) {
      current = run;
      await quiet();
      try {
        await way(run);
      } catch (error) {
        console.error(lab.debian, name, 'FAILED', String(error));
        for (const c of [`pcs resource enable ${resource}`, `cibadmin -D -o resources --xml-text '<meta_attributes id="magnum-ha-cycle"/>'`, `cibadmin -D -o constraints --xml-text '<rsc_location id="magnum-ha-cycle"/>'`, `crm_resource -r clone_${resource} --clear`]) await lab.exec('node-1', ['bash', '-c', c]);
        break;
      }
    }
  }
  const med = (v: number[]) => [...v].sort((a, b) => a - b)[Math.floor(v.length / 2)];
  for (const [name, rows] of Object.entries(results)) {
    const keys = Object.keys(rows[0] ?? {});
    console.log(lab.debian, name, keys.map((k) => `${k}=${med(rows.map((r) => r[k] ?? NaN))} [${Math.min(...rows.map((r) => r[k] ?? NaN))}..${Math.max(...rows.map((r) => r[k] ?? NaN))}]`).join(' '));
  }
  await lab.stop();
}
main().then(() => process.exit(0), (error: unknown) => { console.error(error); process.exit(1); });
