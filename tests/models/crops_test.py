"""The film with known ground truth: the arithmetic of its truth, and that the film shows what the truth says."""
import json
import os
import unittest

import paths
import crops
from crops import Box


class Geometry(unittest.TestCase):
    def test_overlap(self):
        self.assertEqual(crops.overlap(Box(0, 0, 10, 10), Box(6, 8, 10, 10)), Box(6, 8, 4, 2))
        nothing = crops.overlap(Box(0, 0, 2, 2), Box(5, 0, 2, 2))
        self.assertEqual(nothing.w * nothing.h, 0)

    def test_covers_that_overlap_count_once(self):
        covers = [Box(0, 0, 6, 10), Box(4, 0, 4, 10), Box(50, 50, 9, 9)]
        self.assertEqual(crops.covered_area(Box(0, 0, 10, 10), covers), 80)

    def test_a_mirrored_object_keeps_its_margins_mirrored(self):
        person = crops.SPRITES[-1]
        cut, found = crops.cut_at(person, 0), crops.object_at(person, 0)
        self.assertTrue(person.mirrored)
        self.assertEqual(cut.x + cut.w - (found.x + found.w), person.around.x - person.cut.x)


class Truth(unittest.TestCase):
    def setUp(self):
        self.truth = crops.truth()

    def boxes(self, *kinds):
        return [box for frame in self.truth['frames'] for kind in kinds for box in frame[kind]]

    def test_boxes_lie_in_the_picture(self):
        for box in self.boxes('boxes', 'hardly_visible'):
            self.assertTrue(box['x'] >= 0 and box['y'] >= 0 and box['w'] > 0 and box['h'] > 0, box)
            self.assertTrue(box['x'] + box['w'] <= crops.WIDTH and box['y'] + box['h'] <= crops.HEIGHT, box)

    def test_what_counts_is_visible_enough(self):
        self.assertTrue(all(box['visible'] >= crops.ENOUGH_VISIBLE for box in self.boxes('boxes')))
        self.assertTrue(all(box['visible'] < crops.ENOUGH_VISIBLE for box in self.boxes('hardly_visible')))

    def test_the_persons_meet_and_one_hides_the_other(self):
        hidden = [box for box in self.boxes('hardly_visible') if box['label'] == 'person' and 0 < box['x'] < 1100]
        self.assertTrue(hidden)


@paths.needs(paths.CROPS, 'testclip')
class Film(unittest.TestCase):
    def brightness(self, frame):
        rgb = paths.picture(paths.CROPS, frame, crops.WIDTH, crops.HEIGHT)
        return rgb[1::3]

    def changed_columns(self, one, other, rows):
        """The first and last column in which most of these rows clearly differ between two frames."""
        changed = []
        for column in range(crops.WIDTH):
            places = [row * crops.WIDTH + column for row in rows]
            if sum(abs(one[place] - other[place]) > 24 for place in places) * 2 > len(places):
                changed.append(column)
        return changed[0], changed[-1]

    def test_a_cut_out_is_where_the_truth_has_it_to_the_pixel(self):
        car = crops.SPRITES[0]      # its bright street stands out from the grass; nothing covers it
        early, late = crops.cut_at(car, 45), crops.cut_at(car, 170)
        rows = range(early.y + early.h - 24, early.y + early.h - 4, 2)
        first, last = self.changed_columns(self.brightness(45), self.brightness(170), rows)
        self.assertAlmostEqual(first, early.x, delta=1)
        self.assertAlmostEqual(last, late.x + late.w - 1, delta=1)

    def test_the_truth_beside_the_film_is_that_of_the_table(self):
        with open(os.path.join(paths.DEPS, 'clips/crops.json'), encoding='utf-8') as file:
            self.assertEqual(json.load(file), json.loads(json.dumps(crops.truth())))


if __name__ == '__main__':
    paths.main()
