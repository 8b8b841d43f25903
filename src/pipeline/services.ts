import { type Topic as ClassicTopic, isTopic } from '../classic/topics.js'
import type { CustomerEntry } from '../input/entries.js'
import type { Topic as NewCentralTopic } from '../newcentral/topics.js'
import type { AnyTopic, Decoders, Endpoint, Service } from '../service.js'

/** What there is of each service. The topic tells which one an entry or a frame is of. */
type EachService<Classic, NewCentral> = {
  readonly classic: Classic
  readonly newCentral: NewCentral
}

/** Decodes the frames of both services. */
export function joinDecoders({
  classic,
  newCentral,
}: EachService<Decoders<ClassicTopic>, Decoders<NewCentralTopic>>): Decoders {
  return {
    load(topics) {
      for (const topic of topics) {
        if (isTopic(topic)) classic.load([topic])
        else newCentral.load([topic])
      }
    },
    of({ name, topic, label = name }) {
      return isTopic(topic)
        ? classic.of({ name, topic, label })
        : newCentral.of({ name, topic, label })
    },
  }
}

/** Both services as one: each gets the entries that are of it. */
export function joinServices({
  classic,
  newCentral,
}: EachService<Service<ClassicTopic>, Service<NewCentralTopic>>): Service {
  return {
    decoders: joinDecoders({ classic: classic.decoders, newCentral: newCentral.decoders }),
    async endpoints(entries, signal) {
      const own = entries.filter(isOfClassic)
      const others = entries.filter(isOfNewCentral)
      const [ofClassic, ofNewCentral] = await Promise.all([
        classic.endpoints(own, signal),
        newCentral.endpoints(others, signal),
      ])
      const found = new Map<CustomerEntry, Endpoint | undefined>([
        ...own.map((entry, at) => [entry, ofClassic[at]] as const),
        ...others.map((entry, at) => [entry, ofNewCentral[at]] as const),
      ])
      return entries.flatMap((entry) => found.get(entry) ?? [])
    },
  }
}

function isOfClassic(entry: CustomerEntry): entry is CustomerEntry<ClassicTopic> {
  return isTopic(entry.topic)
}

function isOfNewCentral(entry: CustomerEntry<AnyTopic>): entry is CustomerEntry<NewCentralTopic> {
  return !isTopic(entry.topic)
}
