import { MagnumHaError } from '../../domain/errors';
import type { SimulatedSite } from '../simulated-site';
import type { SimulatedController } from '../simulated-site/controller';

/** A drift or a fault cannot happen to a site, because what it would happen to is not there. */
export class RehearsalImpossible extends MagnumHaError {
  override readonly name = 'RehearsalImpossible';
}

/** What can happen to a simulated site, or to one of its controllers. */
export type Incident =
  | {
      /** In one line, for people. */
      readonly summary: string;
      readonly on: 'controller';
      /** @throws RehearsalImpossible */
      readonly happen: (site: SimulatedSite, controller: SimulatedController) => void | Promise<void>;
    }
  | {
      readonly summary: string;
      readonly on: 'site';
      /** @throws RehearsalImpossible */
      readonly happen: (site: SimulatedSite) => void | Promise<void>;
    };

/** Incidents by name. */
export type Incidents = Readonly<Record<string, Incident>>;
