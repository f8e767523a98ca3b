// Chooses the steps of a job: tries forms of the weights, then fewer channels in the best form, until the goal is reached.

import type { Limits } from '#engine/search/limits'
import { isBetter, missedLimits, shortfall } from '#engine/search/limits'
import { ShareSearch } from '#engine/search/share-search'
import { TersorError } from '#src/domain/errors'
import type { StepSearch } from '#src/domain/step-search'
import type { Model } from '#src/onnx/ir/model'
import type { AutoForm } from '#src/recipes/auto-steps'
import { autoForms, autoReduction, reductionMissing } from '#src/recipes/auto-steps'
import type { JobSpec } from '#src/recipes/job-spec'
import type { Step } from '#src/recipes/step'
import type { MadeModel } from '../run-steps.ts'
import type { StepContext } from '../step-outcome.ts'
import type { TimeLimit } from './time-limit.ts'
import { TrialList } from './trial-list.ts'
import type { TrialOutcome, Tried } from './trial.ts'
import { judgedByAll, runTrial } from './trial.ts'

/** Fractions of the channels that are looked at: the last ones lie a sixteenth apart. */
const SHARES = 4

export interface SearchQuestion {
  readonly spec: JobSpec
  /** A new copy at each call. */
  readonly original: () => Model
  readonly originalBytes: number
  /** Names of trials during which a process died. */
  readonly lethal: readonly string[]
  readonly time: TimeLimit
  /** A trial begins, of at most `most`. */
  readonly contextOf: (name: string, index: number, most: number) => StepContext
}

export interface SearchResult extends MadeModel {
  readonly search: StepSearch
}

/** @throws TersorError step_unsupported when every trial was refused */
export async function searchSteps(question: SearchQuestion): Promise<SearchResult> {
  const search = new Search(question)
  await search.tryForms(({ isLast }) => !isLast)
  await search.tryReductions()
  await search.tryForms(({ isLast }) => isLast)
  return search.result()
}

interface Best extends Tried {
  readonly name: string
  readonly steps: readonly Step[]
}

class Search {
  readonly #question: SearchQuestion
  readonly #forms: readonly AutoForm[]
  readonly #list = new TrialList()
  #best: Best | null = null
  /** The best of the forms that lose little enough. */
  #form: AutoForm | null = null
  #isOver = false

  constructor(question: SearchQuestion) {
    this.#question = question
    this.#forms = autoForms(question.spec)
  }

  async tryForms(isMeant: (form: AutoForm) => boolean): Promise<void> {
    for (const form of this.#forms.filter(isMeant)) {
      const { name, step, missing, isLast } = form
      if (missing !== 'none') this.#list.notTried(name, [step], missing)
      else if (isLast && this.#isEnough()) this.#list.notTried(name, [step], NOT_NEEDED)
      else {
        const before = this.#best
        const outcome = await this.#try(name, [step])
        const isGood = outcome.kind === 'tried' && !this.#losesTooMuch(outcome)
        if (isGood && (this.#form === null || this.#best !== before)) this.#form = form
      }
    }
  }

  /** Of what channels there are, as many as can go: in the best form, trained where that can be done. */
  async tryReductions(): Promise<void> {
    const { spec } = this.#question
    const missing = reductionMissing(spec)
    const example = [autoReduction(spec, 0.5)]
    if (missing !== 'none') return this.#list.notTried(FEWER, example, missing)
    if (this.#isEnough() && !this.#isOpenEnded()) {
      return this.#list.notTried(FEWER, example, NOT_NEEDED)
    }
    const shares = new ShareSearch(SHARES)
    let trains = spec.datasets.train !== null
    for (let share = shares.next(); share !== null && !this.#isOver; share = shares.next()) {
      const outcome = await this.#tryFewer(share, trains)
      if (outcome.kind === 'refused') {
        // What has no gradient can be pruned and fitted all the same.
        if (!trains || outcome.code !== 'step_unsupported') return
        trains = false
        continue
      }
      if (outcome.kind === 'out_of_time') return
      if (this.#isEnough() && !this.#isOpenEnded()) return
      shares.tell(this.#asksForMore(outcome))
    }
  }

  result(): SearchResult {
    const best = this.#best
    if (best === null) {
      const reasons = this.#list.reports.map(({ name, reason }) => `${name}: ${reason}`)
      throw new TersorError('step_unsupported', `no trial gave a model: ${reasons.join('; ')}`)
    }
    const limits = this.#limits(best)
    const { made, name, unit } = best
    return {
      ...made,
      search: {
        limits: {
          max_loss: limits.maxLoss,
          max_loss_from: limits.isLossNamed ? 'goal' : 'task',
          loss_unit: unit,
          max_size_bytes: limits.maxBytes,
          min_speedup: limits.minSpeedup,
        },
        trials: this.#list.withChosen(name),
        chosen: name,
        reached: this.#reaches(),
        ended: this.#isOver ? 'out_of_time' : 'complete',
      },
    }
  }

  async #tryFewer(share: number, trains: boolean): Promise<TrialOutcome> {
    const { spec } = this.#question
    const data = trains ? spec.datasets : { ...spec.datasets, train: null }
    const reduction = autoReduction({ ...spec, datasets: data }, share)
    const form = this.#form === null || this.#form.step.type === 'simplify' ? null : this.#form
    const percent = `${Number((100 * share).toFixed(2))} % fewer channels`
    const parts = [percent, trains ? 'trained' : 'fitted', ...(form === null ? [] : [form.name])]
    return await this.#try(parts.join(', '), [reduction, ...(form === null ? [] : [form.step])])
  }

  async #try(name: string, steps: readonly Step[]): Promise<TrialOutcome> {
    const { original, originalBytes, contextOf, lethal, time } = this.#question
    if (lethal.includes(name)) {
      const outcome = { kind: 'refused', code: 'none', reason: LETHAL } as const
      this.#list.refused(name, steps, outcome.reason)
      return outcome
    }
    const most = this.#forms.length + SHARES
    const context = contextOf(name, Math.min(this.#list.reports.length, most - 1), most)
    // Until something is in hand, nothing is gained by breaking off.
    const limit = this.#best === null ? 'none' : time
    const first = await runTrial(steps, { original, context, time: limit })
    if (first.kind === 'refused') this.#list.refused(name, steps, first.reason)
    if (first.kind === 'out_of_time') {
      this.#isOver = true
      this.#list.notTried(name, steps, NO_TIME)
    }
    if (first.kind !== 'tried') return first
    const isAhead = (one: Tried): boolean =>
      this.#best === null ||
      isBetter(one.figures, this.#best.figures, this.#limits(one), originalBytes)
    const tried = isAhead(first) ? await judgedByAll(first, { original, context }) : first
    if (isAhead(tried)) this.#best = { ...tried, name, steps }
    this.#list.tried(name, steps, tried, this.#limits(tried))
    return tried
  }

  #limits({ maxLoss }: Tried): Limits {
    const { goal } = this.#question.spec
    return {
      maxLoss,
      isLossNamed: (goal?.max_metric_drop ?? null) !== null,
      maxBytes: goal?.max_size_bytes ?? null,
      minSpeedup: goal?.min_speedup ?? null,
    }
  }

  #losesTooMuch(tried: Tried): boolean {
    const misses = missedLimits(this.#limits(tried), tried.figures)
    return misses.some(({ limit }) => limit === 'maxLoss')
  }

  #reaches(): boolean {
    return this.#best !== null && shortfall(this.#limits(this.#best), this.#best.figures) === 0
  }

  /** The goal is reached, and next to nothing lost. */
  #isEnough(): boolean {
    return this.#best !== null && this.#reaches() && !this.#losesTooMuch(this.#best)
  }

  /** More channels go as long as little is lost; where the goal says nothing of that, until the rest of it holds. */
  #asksForMore(tried: Tried): boolean {
    const limits = this.#limits(tried)
    return limits.isLossNamed ? !this.#losesTooMuch(tried) : shortfall(limits, tried.figures) > 0
  }

  /** Nothing but quality is limited and there is data to train on: the smaller the better. */
  #isOpenEnded(): boolean {
    const { goal, datasets } = this.#question.spec
    return datasets.train !== null && goal?.max_size_bytes === null && goal.min_speedup === null
  }
}

const FEWER = 'fewer channels'
const NOT_NEEDED = 'what was tried before reaches the goal'
const NO_TIME = 'the time for trials, three fifths of the time of the job, is over'
const LETHAL = 'the process that tried it died'
