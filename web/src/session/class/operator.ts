// The server, as its operator sees it.
import { signal } from "@preact/signals";
import { readAdminLabs, readAdminStatus, readAudit, readPlatform, readPlatforms } from "../../protocol/class/guards";
import type {
  AdminLab,
  AdminStatus,
  AuditRow,
  Platform,
  PlatformAsk,
  PlatformChange,
  Platforms,
} from "../../protocol/class/types";
import { type Answered, Asked, nothing, path, type Server } from "./server";

export class Operator {
  readonly status: Asked<AdminStatus>;
  readonly labs: Asked<readonly AdminLab[]>;
  readonly platforms: Asked<Platforms>;
  readonly audit = signal<readonly AuditRow[]>([]);
  /** What to ask before the next time; "" at the end, undefined before the beginning. */
  readonly more = signal<string | undefined>(undefined);
  private readonly server: Server;

  constructor(server: Server) {
    this.server = server;
    this.status = new Asked(() => server.ask("GET", "api/admin/status", readAdminStatus));
    this.labs = new Asked(async () => {
      const got = await server.ask("GET", "api/admin/labs", readAdminLabs);
      return got.ok ? { ok: true, value: got.value.labs } : got;
    });
    this.platforms = new Asked(() => server.ask("GET", "api/admin/platforms", readPlatforms));
  }

  async anonymous(on: boolean, why: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("POST", "api/admin/anonymous", nothing, {
      json: why === "" ? { on } : { on, why },
    });
    if (got.ok) await this.status.load();
    return got;
  }

  async endLab(id: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("DELETE", path`api/admin/labs/${id}`, nothing);
    if (got.ok) this.labs.change((all) => all.filter((l) => l.id !== id));
    return got;
  }

  async addPlatform(ask: PlatformAsk): Promise<Answered<Platform>> {
    const got = await this.server.ask("POST", "api/admin/platforms", readPlatform, { json: ask });
    if (got.ok) await this.platforms.load();
    return got;
  }

  async changePlatform(id: string, change: PlatformChange): Promise<Answered<Platform>> {
    const got = await this.server.ask("PATCH", path`api/admin/platforms/${id}`, readPlatform, { json: change });
    if (got.ok)
      this.platforms.change((all) => ({ ...all, platforms: all.platforms.map((p) => (p.id === id ? got.value : p)) }));
    return got;
  }

  async dropPlatform(id: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("DELETE", path`api/admin/platforms/${id}`, nothing);
    if (got.ok) await this.platforms.load();
    return got;
  }

  /** acts reads the next acts of the audit; from the newest on where anew is said. */
  async acts(anew: boolean): Promise<Answered<unknown>> {
    const before = anew ? "" : (this.more.peek() ?? "");
    const got = await this.server.ask(
      "GET",
      before === "" ? "api/admin/audit" : path`api/admin/audit?before=${before}`,
      readAudit,
    );
    if (got.ok) {
      this.audit.value = anew ? got.value.rows : [...this.audit.peek(), ...got.value.rows];
      this.more.value = got.value.next;
    }
    return got;
  }
}
